/** Can a sandbox be set up here? Found out by setting one up; when it can't, the one thing that would change that. */
import { existsSync, readFileSync } from 'node:fs';
import { DEFAULT_LIMITS } from './environment.ts';
import type { CommandResult, SandboxCommand, SandboxProbe } from './port.ts';

/** Absolute paths; null where a program was not found. */
export interface Programs {
  readonly bwrap: string | null;
  readonly flock: string | null;
  readonly prlimit: string | null;
  readonly socat: string | null;
}

/** What the kernel says about user namespaces; null where it has no such setting. */
export interface KernelSettings {
  readonly apparmorRestricts: string | null;
  readonly unprivilegedClone: string | null;
  readonly maxUserNamespaces: string | null;
  readonly container: boolean;
}

type Failure = Extract<SandboxProbe, { ok: false }>;

const PACKAGES = { bwrap: 'bubblewrap', flock: 'util-linux', prlimit: 'util-linux', socat: 'socat' } as const;

/** A busy machine needs seconds for a sandbox, and more than ten were seen at a load of 50: it is no broken one. */
const SLOWEST_MS = 120_000;

export async function probeSandbox(deps: {
  readonly programs: Programs;
  readonly run: (command: SandboxCommand) => Promise<CommandResult>;
}): Promise<SandboxProbe> {
  if (process.platform !== 'linux') {
    return {
      ok: false,
      reason: `the sandbox is bubblewrap, which needs Linux; this is ${process.platform}`,
      remedy: 'run Lamplighter in a Linux machine or virtual machine',
    };
  }
  const missing = notInstalled(deps.programs, true);
  if (missing !== null) return missing;
  try {
    const result = await deps.run({
      argv: ['/bin/sh', '-c', 'id -u'],
      cwd: '/',
      binds: [],
      env: {},
      path: [],
      hosts: [],
      keepBytes: 4_096,
      limits: { ...DEFAULT_LIMITS, wallMs: SLOWEST_MS },
    });
    if (result.end === 'exited' && result.code === 0 && result.stdout.trim() === '1000')
      return { ok: true, name: 'bubblewrap' };
    return failureOf(
      `a command in it ended with ${result.end} ${result.code}: ${result.stderr.trim()}`,
      kernelSettings(),
    );
  } catch (error) {
    return failureOf(error instanceof Error ? error.message : String(error), kernelSettings());
  }
}

export function notInstalled(programs: Programs, withNetwork: boolean): Failure | null {
  const needed = (['bwrap', 'flock', 'prlimit', ...(withNetwork ? (['socat'] as const) : [])] as const).filter(
    (name) => programs[name] === null,
  );
  if (needed.length === 0) return null;
  const packages = [...new Set(needed.map((name) => PACKAGES[name]))].join(' ');
  return {
    ok: false,
    reason: `${needed.join(', ')} ${needed.length === 1 ? 'is' : 'are'} not installed`,
    remedy: `install ${packages}: apt-get install ${packages} (Debian, Ubuntu) or dnf install ${packages} (Fedora)`,
  };
}

export function failureOf(reason: string, kernel: KernelSettings): Failure {
  if (/unknown option/i.test(reason)) {
    return { ok: false, reason, remedy: 'bubblewrap is older than 0.8: install a newer one' };
  }
  const forbidden = /namespace|uid map|Operation not permitted|Permission denied|No space left on device/i.test(reason);
  return {
    ok: false,
    reason,
    remedy: forbidden ? namespaceRemedy(kernel) : 'run `lamplighter doctor` and report what it says',
  };
}

function namespaceRemedy(kernel: KernelSettings): string {
  if (kernel.apparmorRestricts === '1') {
    return (
      'AppArmor forbids user namespaces to programs without a profile. Write /etc/apparmor.d/bwrap with the line ' +
      '`profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }` and run: apparmor_parser -r /etc/apparmor.d/bwrap'
    );
  }
  if (kernel.unprivilegedClone === '0')
    return 'user namespaces are switched off. Run: sysctl -w kernel.unprivileged_userns_clone=1';
  if (kernel.maxUserNamespaces === '0')
    return 'user namespaces are switched off. Run: sysctl -w user.max_user_namespaces=15000';
  if (kernel.container) {
    return (
      'the container forbids user namespaces. Docker: start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined ' +
      '--security-opt systempaths=unconfined; Kubernetes: seccompProfile Unconfined, procMount Unmasked and hostUsers: false'
    );
  }
  return 'the kernel forbids user namespaces: allow them to the user that runs the worker';
}

function kernelSettings(): KernelSettings {
  return {
    apparmorRestricts: readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    unprivilegedClone: readSetting('/proc/sys/kernel/unprivileged_userns_clone'),
    maxUserNamespaces: readSetting('/proc/sys/user/max_user_namespaces'),
    container: ['/.dockerenv', '/run/.containerenv', '/var/run/secrets/kubernetes.io'].some((path) => existsSync(path)),
  };
}

function readSetting(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}
