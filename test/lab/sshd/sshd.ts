/**
 * A private, real OpenSSH server in front of the real script, as root's `authorized_keys` on a Proxmox host would have it: one
 * `restrict,from=,command=` line for each identity, the host's configuration in the command. It listens on the loopback only, lets in
 * nobody but the user who started it, and the kernel ends it with this process.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { probePart } from '../../../config/system-parts.ts';
import { type Identity, script } from '../../host/call.ts';
import { descendants } from './process-tree.ts';

const run = promisify(execFile);
const identities: readonly Identity[] = ['ro', 'agent', 'human'];
const startDeadlineMs = 15_000;

export interface LabSshd {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `ssh-ed25519 AAAA…`, as known_hosts wants it after the name. */
  readonly hostKey: string;
  /** `SHA256:…` of it. */
  readonly fingerprint: string;
  /** Private key files, mode 0600, one for each identity. */
  readonly keys: Readonly<Record<Identity, string>>;
  /** What it wrote about itself. */
  log(): string;
  /** The listener and every connection's processes; not the script, nor what the script started. */
  pids(): number[];
  /** SIGKILL to all of these: what a host does to its clients when it goes down. The script's own processes live on. */
  kill(): Promise<void>;
  /** The same signal to all of these, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Listens again after `kill`, at the same port with the same keys. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface LabSshdInput {
  /** Of the host whose VM the verbs are for: `config` of a fake host, or of a real one. */
  readonly config: string;
  /** What the command= line runs; default: the script of this tree. */
  readonly command?: (identity: Identity) => string;
  /** What stands before an identity's key; default: all that belongs there. */
  readonly options?: (identity: Identity, command: string) => string;
}

const asInstalled = (_identity: Identity, command: string): string => `restrict,from="127.0.0.1",command="${command}"`;

export async function startLabSshd(input: LabSshdInput): Promise<LabSshd> {
  const probe = probePart('sshd', { ...process.env });
  if (!probe.present) throw new Error(`the lab needs a real sshd: ${probe.why}; ${probe.remedy}`);
  const folder = privateFolder();
  const keys = Object.fromEntries(identities.map((one) => [one, join(folder, one)])) as Record<Identity, string>;
  for (const file of [...Object.values(keys), join(folder, 'host')]) await generateKey(file);
  const publicKey = (name: string): string => readFileSync(join(folder, `${name}.pub`), 'utf8').trim();
  const command = input.command ?? ((identity) => `${script} --config ${input.config} ${identity}`);
  const options = input.options ?? asInstalled;
  const lines = identities.map((one) => `${options(one, command(one))} ${publicKey(one)}`);
  writeFileSync(join(folder, 'authorized_keys'), `${lines.join('\n')}\n`, { mode: 0o600 });
  const port = await freePort();
  writeFileSync(join(folder, 'config'), configText(folder, port));
  const { stdout } = await run('ssh-keygen', ['-lf', join(folder, 'host.pub')]);
  let daemon = await listen(probe.where, folder, port);

  const pids = (): number[] => [...descendants(daemon.pid ?? 0, 'sshd')];
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of pids()) send(pid, name);
  };
  async function kill(): Promise<void> {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, 'exit');
    signal('SIGKILL');
    await gone;
  }
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    hostKey: publicKey('host').split(' ').slice(0, 2).join(' '),
    fingerprint: stdout.split(' ')[1] ?? '',
    keys,
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    pids,
    kill,
    signal,
    async restart() {
      daemon = await listen(probe.where, folder, port);
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Below the home folder: sshd (StrictModes) refuses keys in a folder that others can write to, as every temporary folder is. It is named by
 * the process that it is for, so that what a killed one left is cleared away by the next.
 */
function privateFolder(): string {
  const parent = join(homedir(), '.cache', 'lamplighter-lab');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(parent)) {
    const [, pid] = /^sshd-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(parent, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `sshd-${process.pid}-`));
}

async function generateKey(file: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', file.split('/').at(-1) ?? '', '-f', file]);
}

function configText(folder: string, port: number): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `AllowUsers ${userInfo().username}`,
    'PidFile none',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'UseDNS no',
    'StrictModes yes',
    // As on a host where nobody thought of these: what refuses them is `restrict` in the key's line.
    'AllowTcpForwarding yes',
    'AllowAgentForwarding yes',
    'PermitTTY yes',
    'Subsystem sftp internal-sftp',
    // Tests open many at once.
    'MaxStartups 100',
    'LogLevel VERBOSE',
    '',
  ].join('\n');
}

/** sshd wants its own absolute path (it starts itself again for each connection) and, as root, its empty folder. */
async function listen(program: string, folder: string, port: number): Promise<ChildProcess> {
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const log = join(folder, 'log');
  writeFileSync(log, '');
  const args = ['--pdeathsig', 'KILL', '--', program, '-D', '-f', join(folder, 'config'), '-E', log];
  const daemon = spawn('setpriv', args, { stdio: 'ignore' });
  const deadline = performance.now() + startDeadlineMs;
  while (!(await saysBanner(port))) {
    const ended = daemon.exitCode ?? daemon.signalCode;
    if (ended !== null || performance.now() > deadline) {
      daemon.kill('SIGKILL');
      throw new Error(`sshd did not come up on port ${port} (${ended ?? 'no answer'}): ${readFileSync(log, 'utf8')}`);
    }
    await delay(10);
  }
  return daemon;
}

function saysBanner(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('data', (chunk: Buffer) => answer(chunk.toString().startsWith('SSH-2.0-')));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // A connection's process that ended while we looked.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
