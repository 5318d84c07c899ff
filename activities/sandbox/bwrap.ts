/**
 * The sandbox on Linux: bubblewrap, one for each command. Nothing of the host exists inside but /usr, a few files of
 * /etc and what the caller binds; nobody inside is root; there is no network but a proxy of ours; all of it ends with us.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { proxyFor } from '../../config/egress.ts';
import type { Egress } from '../../config/types.ts';
import { exec } from '../exec/exec.ts';
import { boundOfProcess } from './connections.ts';
import { bridgeArgv, bwrapArgv, hostLimitsArgv } from './bwrap-argv.ts';
import { FenceHeld, type CommandResult, type Sandbox, type SandboxCommand, type SandboxService } from './port.ts';
import { notInstalled, probeSandbox, type Programs } from './probe.ts';
import { createPostgresTemplates, type Template } from './postgres-template.ts';
import { openProxy, type Refusal } from './proxy.ts';
import { readServed, serviceBinds, servicesArgv, unserved, type PreparedService } from './services.ts';
import { headOf } from '../../domain/text.ts';

export interface BwrapDeps {
  /** A private folder of this process: sockets of the proxies, the few files that stand in for /etc, clusters to copy. Made when missing. */
  readonly proxySocketDir: string;
  /** How the outside is reached from here; directly, and public addresses only, when absent. */
  readonly egress?: Egress;
  /** Lets hosts through that a command does not list. */
  readonly admit?: (host: string) => boolean;
  readonly onRefusal?: (refusal: Refusal) => void;
  /** What a name stands for; as the machine says when absent. */
  readonly resolve?: (host: string) => Promise<string>;
  /** Where bubblewrap and its companions are looked for. */
  readonly searchPath?: readonly string[];
}

/** What was stopped is gone within seconds; what is not won't go by itself. */
const LOCK_WAIT_MS = 60_000;

const SEARCH_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/run/current-system/sw/bin'];

export function createBwrapSandbox(deps: BwrapDeps): Sandbox {
  const searchPath = deps.searchPath ?? SEARCH_PATH;
  const connections = boundOfProcess();
  let etc: Promise<string> | undefined;
  const templateOf = createPostgresTemplates({ dir: join(deps.proxySocketDir, 'services'), run });

  async function etcOnce(): Promise<string> {
    etc ??= writeEtc(join(deps.proxySocketDir, 'etc'));
    try {
      return await etc;
    } catch (error) {
      // A full disk now is no reason to fail for ever.
      etc = undefined;
      throw error;
    }
  }

  async function run(command: SandboxCommand): Promise<CommandResult> {
    const programs = findPrograms(searchPath);
    const missing = notInstalled(programs, command.hosts.length > 0);
    if (missing !== null) throw new Error(`the sandbox can't run: ${missing.reason}. ${missing.remedy}`);
    const etcDir = await etcOnce();
    const prepared = await prepareServices(command.services ?? [], templateOf);
    if (!prepared.ok) return unserved(prepared.reason);
    const { services } = prepared;
    if (command.hosts.length === 0) return await runIn(programs, command, { etcDir, services, proxySocket: null });

    const proxy = await openProxy({
      socketDir: deps.proxySocketDir,
      hosts: command.hosts,
      ...(deps.admit === undefined ? {} : { admit: deps.admit }),
      ...(deps.resolve === undefined ? {} : { resolve: deps.resolve }),
      privateHosts: deps.egress?.privateHosts ?? [],
      upstream: deps.egress?.proxy ?? null,
      upstreamLogin: deps.egress?.login ?? null,
      isDirect: (host) => proxyFor(deps.egress, host) === null,
      onRefusal: deps.onRefusal ?? (() => undefined),
      bound: connections.ofCommand(),
    });
    try {
      return await runIn(programs, command, { etcDir, services, proxySocket: proxy.socket });
    } finally {
      await proxy.close();
    }
  }

  return { run, probe: () => probeSandbox({ programs: findPrograms(searchPath), run }) };
}

type Prepared =
  | { readonly ok: true; readonly services: readonly PreparedService[] }
  | { readonly ok: false; readonly reason: string };

async function prepareServices(
  asked: readonly SandboxService[],
  templateOf: (service: Extract<SandboxService, { kind: 'postgres' }>) => Promise<Template>,
): Promise<Prepared> {
  const services: PreparedService[] = [];
  for (const service of asked) {
    const template = service.kind === 'postgres' ? await templateOf(service) : null;
    if (template?.ok === false) return template;
    services.push({ service, template: template?.dir ?? null });
  }
  return { ok: true, services };
}

interface Around {
  readonly etcDir: string;
  readonly services: readonly PreparedService[];
  readonly proxySocket: string | null;
}

async function runIn(programs: Programs, given: SandboxCommand, around: Around): Promise<CommandResult> {
  const { etcDir, services, proxySocket } = around;
  const command = { ...given, binds: [...given.binds, ...serviceBinds(services)] };
  const waitMs = command.lockWaitMs ?? LOCK_WAIT_MS;
  let status = '';
  const argv = [
    // The lock's descriptor is inherited by the whole tree: the kernel frees it with the last of its processes.
    ...(command.lock === undefined ? [] : [programs.flock ?? 'flock', '--no-fork', command.lock]),
    ...hostLimitsArgv(programs.prlimit ?? 'prlimit', command.limits),
    ...bwrapArgv(programs.bwrap ?? 'bwrap', command, { etcDir, proxySocket, statusFd: 3 }),
    ...(proxySocket === null ? [] : bridgeArgv()),
    ...servicesArgv(services),
    ...command.argv,
  ];
  const result = await exec(argv, {
    cwd: '/',
    // Inherited down to the command: bwrap-argv.ts keeps them.
    env: command.secrets ?? {},
    wallMs: command.limits.wallMs,
    keepBytes: command.keepBytes,
    // bubblewrap speaks up when it starts, which is after the lock was taken: waiting for a lock costs no wall time, but has a bound of its own.
    onStatus: (chunk) => {
      status += chunk;
    },
    statusMs: waitMs,
    ...(command.signal === undefined ? {} : { signal: command.signal }),
    ...(command.onOutput === undefined ? {} : { onOutput: command.onOutput }),
  });
  if (result.end === 'timeout' && status === '') {
    const place = command.lock ?? 'no fence';
    throw new FenceHeld(
      `the command could not begin within ${waitMs / 1000} s, because something that was started before in the same place has not ended (\`fuser ${place}\` names it)`,
    );
  }
  // It reports an exit code only of a command that it could start: an exit without one is a sandbox that was never there.
  if (result.end === 'exited' && !status.includes('"exit-code"')) {
    throw new Error(
      `the sandbox could not be set up for ${headOf(command.argv.join(' '), 200)}: ${result.stderr.trim()}`,
    );
  }
  return services.length === 0 ? result : readServed(result);
}

function findPrograms(searchPath: readonly string[]): Programs {
  const find = (name: string): string | null =>
    searchPath.map((dir) => join(dir, name)).find((path) => existsSync(path)) ?? null;
  return { bwrap: find('bwrap'), flock: find('flock'), prlimit: find('prlimit'), socat: find('socat') };
}

/** Who is who inside. The host's own files would tell its users' names, and miss uid 1000, which many programs look up. */
async function writeEtc(dir: string): Promise<string> {
  const files = {
    passwd: 'agent:x:1000:1000:agent:/home/agent:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    group: 'agent:x:1000:\nnogroup:x:65534:\n',
    hosts: '127.0.0.1 localhost\n::1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files)) {
    // Somebody else may be starting a sandbox from the same folder: it must never see half a file.
    const fresh = join(dir, `.${name}.${randomBytes(6).toString('hex')}`);
    await writeFile(fresh, text, { mode: 0o644 });
    await rename(fresh, join(dir, name));
  }
  return dir;
}
