/** What `npm run lab` tells a person: lines that can be pasted as they are. */
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { RealHost } from './real-host/real-host.ts';
import { wedges } from './real-host/wedges.ts';
import type { LabSshd } from './sshd/sshd.ts';

/** The file that makes `ssh -F FILE human status` enough: keys, port, and the host's key, pinned as a caller of the real one has it. */
export function writeSshConfig(host: RealHost, sshd: LabSshd): string {
  const knownHosts = host.path('known_hosts');
  writeFileSync(knownHosts, `[${sshd.host}]:${sshd.port} ${sshd.hostKey}\n`);
  const block = (name: string, lines: Record<string, string | number>): string =>
    `Host ${name}\n${Object.entries(lines)
      .map(([key, value]) => `  ${key} ${value}\n`)
      .join('')}`;
  const keys = Object.entries(sshd.keys).map(([identity, key]) =>
    block(identity, {
      HostName: sshd.host,
      Port: sshd.port,
      User: sshd.user,
      IdentityFile: key,
      IdentitiesOnly: 'yes',
      UserKnownHostsFile: knownHosts,
      StrictHostKeyChecking: 'yes',
    }),
  );
  const guest = block('guest', {
    HostName: '127.0.0.1',
    Port: host.guest.port,
    User: 'root',
    IdentityFile: host.guest.key,
    IdentitiesOnly: 'yes',
    // Its key is made at its first boot, and the guest is on this machine's loopback.
    UserKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'no',
    LogLevel: 'ERROR',
  });
  const file = host.path('ssh_config');
  writeFileSync(file, [...keys, guest].join('\n'));
  return file;
}

/** The same for `lamplighter breakglass` and `lamplighter doctor --breakglass`. */
export function writeLamplighterYaml(host: RealHost, sshd: LabSshd): string {
  const file = host.path('lamplighter.yaml');
  const { host: address, port, user, hostKey, keys } = sshd;
  writeFileSync(file, stringify({ breakglass: { vmid: Number(host.vmid), host: address, port, user, hostKey, keys } }));
  return file;
}

export function wedgeList(): string {
  const width = Math.max(...Object.keys(wedges).map((name) => name.length));
  return Object.entries(wedges)
    .map(([name, { what }]) => `  ${name.padEnd(width)}  ${what}`)
    .join('\n');
}

export function instructions(host: RealHost, sshConfig: string, lamplighterYaml: string): string {
  const ssh = `ssh -F ${sshConfig}`;
  return `
VM ${host.vmid} runs and is well (QEMU is process ${host.pid()}). Its host is ${host.root}.

Try, in another terminal:
  ${ssh} ro status
  ${ssh} ro forensics
  ${ssh} agent cycle          refused while nothing is wrong: autonomy=evidence
  ${ssh} human cycle          also: reset stop start
  bin/lamplighter breakglass verb cycle --config ${lamplighterYaml}
  bin/lamplighter doctor --breakglass --config ${lamplighterYaml}
  ${ssh} guest                a shell in the guest, for as long as it is well
  ${host.path('bin/qm')} status ${host.vmid}      and config, pending, set, unlock, monitor, guest cmd …
  tail -f ${host.path('log')}

Break it with npm run lab -- wedge NAME, or by a name here and Enter:
${wedgeList()}

What happened to its power is in ${host.path('power.log')}, evidence in ${host.path('evidence')}. Ctrl-C ends all of it.
`;
}
