/**
 * A verb through the power client against the same verb through OpenSSH's own client, one after the other in turns, on a host of files behind
 * a real sshd. A process of its own, started by bench.ts.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { DEADLINES } from '../activities/breakglass/deadlines.ts';
import type { PowerHost } from '../activities/breakglass/port.ts';
import { readPrivateKey } from '../activities/breakglass/private-key.ts';
import { createSshPowerHost } from '../activities/breakglass/ssh-host.ts';
import { readHostKey } from '../config/host-key.ts';
import { opIdOf, requestText, type Verb } from '../domain/breakglass/verb.ts';
import { startFakeHost } from '../test/lab/fake-host/fake-host.ts';
import { type LabSshd, startLabSshd } from '../test/lab/sshd/sshd.ts';
import { percentiles } from './crash/tally.ts';
import { answerWith } from './answer.ts';

const MEASURED = ['status', 'cycle'] as const;

const HOW =
  'The same request in turns through the power client and through `ssh host verb` (a process for each, one connection for each, pinned host key), the first of each pair changing; ' +
  'from the call to its parsed result, and from the start of the process to its end. Host and VM are files, so the host itself takes little: what is compared is the way there and back. Milliseconds.';

type Way = 'client' | 'ssh';

async function measure(runs: number): Promise<object> {
  const host = await startFakeHost({ human_cooldown: 0 });
  const sshd = await startLabSshd({ config: host.config });
  const known = join(host.root, 'known_hosts');
  writeFileSync(known, `[${sshd.host}]:${sshd.port} ${sshd.hostKey}\n`);
  const ways: Record<Way, (verb: Verb) => Promise<void>> = {
    client: through(clientOf(sshd)),
    ssh: throughSsh(sshd, known),
  };
  try {
    const verbs = [];
    for (const verb of MEASURED) {
      for (const way of ['client', 'ssh'] as const) await ways[way](verb);
      verbs.push([verb, figuresOf(await inTurns(ways, verb, runs))] as const);
      process.stderr.write(`${verb}: ${JSON.stringify(verbs.at(-1)?.[1])}\n`);
    }
    return { how: HOW, pairs: runs, load: loadavg()[0], verbs: Object.fromEntries(verbs) };
  } finally {
    await sshd.close();
    await host.close();
  }
}

async function inTurns(
  ways: Record<Way, (verb: Verb) => Promise<void>>,
  verb: Verb,
  runs: number,
): Promise<Record<Way, number[]>> {
  const taken: Record<Way, number[]> = { client: [], ssh: [] };
  for (let round = 0; round < runs; round += 1) {
    const order = round % 2 === 0 ? (['client', 'ssh'] as const) : (['ssh', 'client'] as const);
    for (const way of order) {
      const begun = performance.now();
      await ways[way](verb);
      taken[way].push(performance.now() - begun);
    }
  }
  return taken;
}

function figuresOf(taken: Record<Way, number[]>): object {
  const [client, ssh] = [percentiles(taken.client), percentiles(taken.ssh)];
  const ratio = (of: 'p50' | 'p95'): number =>
    Math.round(((client[of] ?? Number.NaN) / (ssh[of] ?? Number.NaN)) * 100) / 100;
  return { client, ssh, ratio: { p50: ratio('p50'), p95: ratio('p95') } };
}

function clientOf(sshd: LabSshd): PowerHost {
  const pinned = readHostKey(sshd.hostKey);
  const key = readPrivateKey(readFileSync(sshd.keys.human));
  if (!pinned.ok || !key.ok) throw new Error('the lab made keys that the client does not read');
  const { host, port, user } = sshd;
  return createSshPowerHost({ target: { host, port, user, hostKey: pinned.key, key: key.key }, deadlines: DEADLINES });
}

const newOp = (): string => opIdOf(Date.now(), randomBytes(16));

function through(client: PowerHost): (verb: Verb) => Promise<void> {
  return async (verb) => {
    const ok = verb === 'status' ? (await client.status()).ok : (await client.runVerb(verb, newOp())).result === 'ok';
    if (!ok) throw new Error(`${verb} through the client was not ok`);
  };
}

function throughSsh(sshd: LabSshd, known: string): (verb: Verb) => Promise<void> {
  const options = [
    '-Fnone',
    `-p${sshd.port}`,
    `-i${sshd.keys.human}`,
    '-oIdentitiesOnly=yes',
    '-oBatchMode=yes',
    `-oUserKnownHostsFile=${known}`,
  ];
  return (verb) =>
    new Promise((resolve, reject) => {
      const request = requestText(verb, verb === 'status' ? null : newOp());
      execFile('ssh', [...options, '--', `${sshd.user}@${sshd.host}`, request], (error, _stdout, stderr) =>
        error === null ? resolve() : reject(new Error(`${verb} through ssh: ${stderr}`)),
      );
    });
}

answerWith(({ runs }: { readonly runs: number }) => measure(runs));
