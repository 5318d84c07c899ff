/** The command line of a sandbox: what exists inside, and what bounds it. */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { PROXY_PORT } from '../../domain/contract.ts';
import type { SandboxCommand, SandboxLimits } from './port.ts';
import { SERVICES, serviceProcesses } from './services.ts';

const HOME = '/home/agent';
const PROXY_SOCKET = '/run/proxy.sock';

/** Public certificates and the linker's and the clock's settings: no names, no keys. Those that are missing are left out. */
const ETC = [
  '/etc/alternatives',
  '/etc/ca-certificates.conf',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/pki/ca-trust/extracted',
  '/etc/pki/tls/certs',
  '/etc/protocols',
  '/etc/services',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
];

/** Where systems keep all their certificates in one file; each is among the above. */
const BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];
const TRUST = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CARGO_HTTP_CAINFO'];

/** Written by us, in the place of the host's. */
const OWN_ETC = ['passwd', 'group', 'hosts', 'nsswitch.conf'];

/**
 * Settings and doors of the whole kernel. It lets whoever is its root write them by their user id alone, without any
 * capability: where the worker runs as root, an agent could otherwise name a program in `core_pattern` that the host then runs.
 */
const PROC_READ_ONLY = [
  'acpi',
  'bus',
  'driver',
  'fs',
  'irq',
  'mtrr',
  'pressure',
  'scsi',
  'sys',
  'sysrq-trigger',
  'tty',
];
/** What only root may read on the host, and the keys of its user. */
const PROC_HIDDEN = [
  'kallsyms',
  'kcore',
  'key-users',
  'keys',
  'kmsg',
  'kpagecgroup',
  'kpagecount',
  'kpageflags',
  'pagetypeinfo',
  'sched_debug',
  'slabinfo',
  'timer_list',
  'vmallocinfo',
];

export interface BwrapParts {
  /** Stands in for `/etc/passwd` and its kin. */
  readonly etcDir: string;
  readonly proxySocket: string | null;
  readonly statusFd: number;
}

/**
 * Limits that are set outside. RLIMIT_DATA, not RLIMIT_AS: WebAssembly reserves tens of gigabytes of addresses that it
 * never uses. All of them hold for each process; the tree as a whole is bounded by `processes` and the wall clock.
 */
export function hostLimitsArgv(prlimit: string, limits: SandboxLimits): string[] {
  const { cpuSeconds, fileBytes, memoryBytes } = limits;
  return [prlimit, `--cpu=${cpuSeconds}`, `--fsize=${fileBytes}`, `--data=${memoryBytes}`, '--core=0', '--'];
}

export function bwrapArgv(bwrap: string, command: SandboxCommand, parts: BwrapParts): string[] {
  const memory = String(command.limits.memoryBytes);
  const tmpfs = (path: string): string[] => ['--size', memory, '--tmpfs', path];
  return [
    [bwrap, '--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--new-session'],
    ['--cap-drop', 'ALL', '--uid', '1000', '--gid', '1000', '--hostname', 'sandbox'],
    ['--json-status-fd', String(parts.statusFd)],
    systemFolders(),
    ['--proc', '/proc', '--dev', '/dev'],
    kernelDoors(),
    ['/dev/shm', '/tmp', '/var/tmp', HOME].flatMap(tmpfs),
    ETC.flatMap((path) => ['--ro-bind-try', path, path]),
    OWN_ETC.flatMap((name) => ['--ro-bind', `${parts.etcDir}/${name}`, `/etc/${name}`]),
    (command.services ?? []).length === 0 ? [] : tmpfs(SERVICES),
    command.binds.flatMap(({ from, to, mode }) => [mode === 'ro' ? '--ro-bind' : '--bind', from, to ?? from]),
    parts.proxySocket === null ? [] : ['--bind', parts.proxySocket, PROXY_SOCKET],
    // What is not a bind is memory: left writable, it would have no bound.
    ['--remount-ro', '/dev', '--remount-ro', '/'],
    environment(command, parts.proxySocket !== null),
    ['--chdir', command.cwd, '--'],
    // Set inside, where it counts the sandbox's own processes and not all that this user runs on the host. The kernel
    // exempts root from it, so it binds only where the worker runs as somebody else.
    ['/usr/bin/prlimit', `--nproc=${command.limits.processes + serviceProcesses(command.services ?? [])}`, '--'],
  ].flat();
}

/** Runs the rest of the command line once the bridge to the proxy's socket listens; the bridge belongs to nobody inside. */
export function bridgeArgv(): string[] {
  const listening = `0100007F:${PROXY_PORT.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
  const socat = `/usr/bin/socat TCP-LISTEN:${PROXY_PORT},bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:${PROXY_SOCKET}`;
  const script = [
    `(${socat} </dev/null >/dev/null 2>&1 &)`,
    'n=0',
    `until /usr/bin/grep -q "${listening}" /proc/net/tcp; do`,
    '  n=$((n+1)); [ $n -gt 500 ] && { echo "the bridge to the proxy did not start" >&2; exit 125; }',
    '  /usr/bin/sleep 0.01',
    'done',
    'exec "$@"',
  ].join('\n');
  return ['/bin/sh', '-c', script, 'bridge'];
}

function kernelDoors(): string[] {
  const readOnly = PROC_READ_ONLY.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
  const hidden = PROC_HIDDEN.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
  return [
    ...readOnly.flatMap((path) => ['--ro-bind', path, path]),
    ...hidden.flatMap((path) => ['--ro-bind', '/dev/null', path]),
  ];
}

/** /bin and its kin are links into /usr on today's systems, folders of their own on older ones. */
function systemFolders(): string[] {
  const argv = ['--ro-bind', '/usr', '/usr'];
  for (const path of ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']) {
    if (!existsSync(path)) continue;
    if (lstatSync(path).isSymbolicLink()) argv.push('--symlink', readlinkSync(path), path);
    else argv.push('--ro-bind', path, path);
  }
  return argv;
}

function environment(command: SandboxCommand, proxied: boolean): string[] {
  const all = {
    ...(proxied ? proxyVariables() : {}),
    ...command.env,
    PATH: [...command.path, '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':'),
    HOME,
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
  };
  // Nothing is cleared: bubblewrap is started with the secrets for its environment, and with this one variable (exec.ts).
  return ['--unsetenv', 'LC_ALL', ...Object.entries(all).flatMap(([name, value]) => ['--setenv', name, value])];
}

function proxyVariables(): Record<string, string> {
  const proxy = `http://127.0.0.1:${PROXY_PORT}`;
  const none = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: none,
    http_proxy: proxy,
    https_proxy: proxy,
    no_proxy: none,
    // Node's own fetch looks at the variables only when told to.
    NODE_USE_ENV_PROXY: '1',
    // Yarn from 2 on knows its own names only.
    YARN_HTTP_PROXY: proxy,
    YARN_HTTPS_PROXY: proxy,
    ...trustVariables(),
  };
}

/** Tools that bring certificates of their own trust those of the machine instead: a company's network may know no others. */
function trustVariables(): Record<string, string> {
  const bundle = BUNDLES.find((path) => existsSync(path));
  return bundle === undefined ? {} : Object.fromEntries(TRUST.map((name) => [name, bundle]));
}
