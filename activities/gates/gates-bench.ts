/** What the tests of gates stand on: real git repos in temporary folders, a real bubblewrap sandbox, and a store's record in memory. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Check, Contract } from '../../domain/contract.ts';
import type { EvidenceRow, NewEvidence, Store } from '../../store/port.ts';
import type { ChangedFile, RepoGit } from '../git/port.ts';
import type { CommandResult, Sandbox, SandboxCommand } from '../sandbox/port.ts';
import { createGates, type Gates, type Verified } from './gates.ts';

const run = promisify(execFile);

export const RUN = 'run-1';
export const ISSUE = 7;
export const MESSAGE = `Change\n\nRefs #${ISSUE}\n\nLamplighter-Run: ${RUN}\n`;
/** Null takes a file away. */
export type Tree = Readonly<Record<string, string | null>>;

export interface Bench {
  readonly dir: string;
  readonly gates: Gates;
  readonly evidence: readonly NewEvidence[];
  readonly sandbox: Sandbox;
  /** Commands that really ran, setup and test. */
  readonly ran: readonly string[];
  readonly git: (...args: string[]) => string;
  readonly commit: (tree: Tree, message?: string) => Promise<string>;
  readonly prove: (base: string, contract: Contract) => ReturnType<Gates['proveBase']>;
  readonly verify: (
    base: string,
    head: string,
    contract: Contract,
    changedTests?: { id: string; reason: string }[],
  ) => Promise<Verified>;
  readonly close: () => Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'gates-'));
  const repo = join(dir, 'repo');
  await mkdir(repo);
  await mkdir(join(dir, 'shared'));
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args], {
      cwd: repo,
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 1e9,
    });
  git('init', '-q', '-b', 'main');
  const record = createRecord();
  const ran: string[] = [];
  const sandbox = createBwrap(ran);
  const gates = createGates({
    repo: 'r',
    git: createRepoGit(repo, git),
    sandbox,
    store: record.store,
    checkoutBinds: [],
    workDir: join(dir, 'work'),
    setupCacheDir: join(dir, 'cache'),
    now: Date.now,
    environment: { forContract: () => toolchains(join(dir, 'shared')) },
  });
  const shared = { run: RUN, signal: new AbortController().signal, heartbeat: () => {} };
  return {
    dir,
    gates,
    evidence: record.evidence,
    sandbox,
    ran,
    git,
    async commit(tree, message = MESSAGE) {
      for (const [path, text] of Object.entries(tree)) {
        await mkdir(dirname(join(repo, path)), { recursive: true });
        await (text === null ? rm(join(repo, path)) : writeFile(join(repo, path), text));
      }
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD').trim();
    },
    prove: (base, contract) => gates.proveBase({ ...shared, base, contract }),
    verify: (base, head, contract, changedTests = []) =>
      gates.verify({ ...shared, issue: ISSUE, base, head, contract, changedTests }),
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

export function contractOf(check: Partial<Check>, more: Partial<Contract> = {}): Contract {
  const whole: Check = {
    name: 'unit',
    dir: '.',
    when: [],
    setup: null,
    test: 'node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"',
    report: 'junit',
    globs: ['test/**'],
    minimum: 1,
    timeoutSeconds: 60,
    ...check,
  };
  return { checks: [whole], toolchain: [], network: [], protected: [], build: [], ...more };
}

const PYTHON = pythonHome();

function pythonHome(): string | null {
  try {
    const code = 'import sys, pytest; print(sys.prefix)';
    return execFileSync('python3', ['-c', code], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}

export const HAS_PYTEST = PYTHON !== null;

/** `/shared` outlives a run, as no real environment's folder does: by it a test can behave differently the second time. */
function toolchains(shared: string) {
  const node = dirname(process.execPath);
  const homes = [node, ...(PYTHON === null || PYTHON === '/usr' ? [] : [PYTHON])];
  return {
    binds: [
      ...homes.map((from) => ({ from, mode: 'ro' as const })),
      { from: shared, to: '/shared', mode: 'rw' as const },
    ],
    env: {},
    path: [node, ...(PYTHON === null ? [] : [join(PYTHON, 'bin')])],
    hosts: [],
  };
}

function createRecord(): { store: Pick<Store, 'evidence' | 'control'>; evidence: NewEvidence[] } {
  const evidence: NewEvidence[] = [];
  const facts = new Map<string, unknown>();
  const row = (one: NewEvidence): EvidenceRow => ({ ...one, id: one.key, digest: '', bytes: one.body.length });
  const find = (id: string): NewEvidence | undefined => evidence.find((one) => one.key === id);
  const unused = (): never => {
    throw new Error('gates do not use the kill switch');
  };
  return {
    evidence,
    store: {
      evidence: {
        async put(one) {
          if (find(one.key) === undefined) evidence.push(one);
          return row(find(one.key) ?? one);
        },
        async get(id) {
          const one = find(id);
          return one === undefined ? null : row(one);
        },
        async body(id) {
          const one = find(id);
          return one === undefined ? null : Buffer.from(one.body);
        },
        list: async (id) => evidence.filter((one) => one.run === id).map(row),
      },
      control: {
        killSwitch: unused,
        setKillSwitch: unused,
        fact: async (key) => facts.get(key) ?? null,
        async setFact(key, value) {
          facts.set(key, structuredClone(value));
        },
      },
    },
  };
}

type GatesGit = Pick<RepoGit, 'checkOut' | 'overlay' | 'changedFiles' | 'patch' | 'commits' | 'contains'>;

const STATUS: Readonly<Record<string, ChangedFile['status']>> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  T: 'type-changed',
};

function createRepoGit(repo: string, git: Bench['git']): GatesGit {
  return {
    async checkOut(sha, dir) {
      await run('git', ['clone', '-q', '--no-checkout', repo, dir]);
      await run('git', ['checkout', '-q', '--detach', sha], { cwd: dir });
    },
    async overlay(sha, dir, paths) {
      const there = new Set(git('ls-tree', '-r', '-z', '--name-only', sha).split('\0'));
      for (const path of paths) {
        if (there.has(path)) await run('git', ['checkout', '-q', sha, '--', path], { cwd: dir });
        else await rm(join(dir, path), { force: true });
      }
    },
    async changedFiles(base, head) {
      const fields = git('diff', '--raw', '-z', '-M', '--no-abbrev', base, head).split('\0');
      const files: ChangedFile[] = [];
      for (let at = 0; at + 1 < fields.length;) {
        const [, mode = '', , , letter = ''] = (fields[at] ?? '').split(' ');
        const status = STATUS[letter[0] ?? ''] ?? 'modified';
        const from = status === 'renamed' ? (fields[at + 1] ?? null) : null;
        files.push({ path: fields[at + (from === null ? 1 : 2)] ?? '', status, from, mode });
        at += from === null ? 2 : 3;
      }
      return files;
    },
    patch: async (base, head) => git('diff', '--no-renames', base, head),
    async commits(base, head) {
      const text = git('log', '--reverse', '--format=%H%x00%s%x00%P%x00%B%x01', `${base}..${head}`);
      return text
        .split('\x01\n')
        .filter((one) => one.includes('\0'))
        .map((one) => {
          const [sha = '', subject = '', parents = '', message = ''] = one.split('\0');
          return { sha, subject, parents: parents.split(' ').filter(Boolean), message };
        });
    },
    async contains(ancestor, head) {
      return git('merge-base', ancestor, head).trim() === ancestor;
    },
  };
}

function createBwrap(ran: string[]): Sandbox {
  return {
    probe: async () => ({ ok: true, name: 'bubblewrap' }),
    run(command) {
      ran.push(command.argv.at(-1) ?? '');
      return spawnBounded(bwrapArgs(command), command);
    },
  };
}

function bwrapArgs({ binds, env, path, cwd, argv }: SandboxCommand): string[] {
  const vars = { HOME: '/home/agent', LANG: 'C.UTF-8', ...env, PATH: [...path, '/usr/bin', '/bin'].join(':') };
  return [
    '--unshare-all',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    ...Object.entries(vars).flatMap(([name, value]) => ['--setenv', name, value]),
    '--ro-bind',
    '/usr',
    '/usr',
    ...['bin', 'sbin', 'lib', 'lib64'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
    '--dir',
    '/home/agent',
    ...binds.flatMap(({ from, to, mode }) => [mode === 'ro' ? '--ro-bind' : '--bind', from, to ?? from]),
    '--chdir',
    cwd,
    ...argv,
  ];
}

function spawnBounded(args: readonly string[], { limits, keepBytes, signal }: SandboxCommand): Promise<CommandResult> {
  const started = Date.now();
  const child = spawn('/usr/bin/bwrap', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let ended: 'timeout' | 'aborted' | null = null;
  let dropped = 0;
  const kept = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      const text = kept[name] + chunk.toString('latin1');
      dropped += Math.max(0, text.length - keepBytes);
      kept[name] = text.slice(-keepBytes);
    });
  }
  const stop = (why: 'timeout' | 'aborted'): void => {
    ended = why;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(stop, limits.wallMs, 'timeout');
  signal?.addEventListener('abort', () => stop('aborted'), { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
      resolve({
        end: ended ?? (code === null ? 'signalled' : 'exited'),
        code: ended === null ? code : null,
        stdout: utf8(kept.stdout),
        stderr: utf8(kept.stderr),
        droppedBytes: dropped,
        ms: Date.now() - started,
      });
    });
  });
}
