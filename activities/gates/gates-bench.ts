/** What the tests of gates stand on: a real repo in a temporary folder, trusted git's clones of it, the real sandbox, a real store. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtinToolchains } from '../../config/defaults.ts';
import type { TestVariable, Toolchain } from '../../config/types.ts';
import type { Check, Contract } from '../../domain/contract.ts';
import { NO_WAIVERS, type Waivers } from '../../domain/waivers.ts';
import { openStore } from '../../store/open.ts';
import type { EvidenceRow, Store } from '../../store/port.ts';
import { runLayout } from '../git/layout.ts';
import { checkoutBinds, createRepoGit } from '../git/repo-git.ts';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import { createEnvironment, type Environment } from '../sandbox/environment.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { createGates, type Gates, type RecordedRed, type Verified } from './gates.ts';

const KEY = 'r';
export const RUN = 'run-1';
export const ISSUE = 7;
export const MESSAGE = `Change\n\nRefs #${ISSUE}\n\nLamplighter-Run: ${RUN}\n`;
/** Null takes a file away. */
export type Tree = Readonly<Record<string, string | null>>;

/** A row with its body, as a person reads it. */
export type Evidence = EvidenceRow & { readonly body: string };

export interface BenchOptions {
  /** Where the sandbox looks for its programs; the usual places when absent. */
  readonly searchPath?: readonly string[];
  readonly testEnv?: Readonly<Record<string, TestVariable>>;
  /** Where tools keep what they made; a folder of this bench alone when absent. */
  readonly cachesDir?: string;
  /** A base that was proven before in this file is known, as in a repo that has runs behind it. Commits are then dated alike. */
  readonly knowsBases?: true;
}

export interface Bench {
  readonly dir: string;
  readonly gates: Gates;
  readonly evidence: () => Promise<readonly Evidence[]>;
  /** Commands that really ran, setup and test. */
  readonly ran: readonly string[];
  readonly git: (...args: string[]) => string;
  /** Brings HEAD into trusted git as a session's work comes in, by bundle; answers with its sha. */
  readonly handOver: () => Promise<string>;
  /** Commits and hands over. */
  readonly commit: (tree: Tree, message?: string) => Promise<string>;
  /** Main into a head, as the orchestrator does it when somebody landed first; throws at conflicts. */
  readonly merge: (head: string, main: string) => Promise<string>;
  readonly prove: (base: string, contract: Contract) => ReturnType<Gates['proveBase']>;
  readonly verify: (
    base: string,
    head: string,
    contract: Contract,
    changedTests?: { id: string; reason: string }[],
    waivers?: Waivers,
    recordedRed?: RecordedRed | null,
  ) => Promise<Verified>;
  readonly close: () => Promise<void>;
}

export async function openBench({ searchPath, testEnv, cachesDir, knowsBases }: BenchOptions = {}): Promise<Bench> {
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
      ...(knowsBases === undefined ? {} : { env: { ...process.env, GIT_AUTHOR_DATE: DATE, GIT_COMMITTER_DATE: DATE } }),
    });
  git('init', '-q', '-b', 'main');
  const trusted = createRepoGit({
    repo: { key: KEY, name: 'acme/r', remote: repo, branch: 'main', pushEnv: {} },
    dataDir: dir,
    now: Date.now,
  });
  const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  if (knowsBases === true) await recallBases(store);
  const ran: string[] = [];
  const proxySocketDir = join(dir, 'sandbox');
  const sandbox = listing(
    createBwrapSandbox({ proxySocketDir, ...(searchPath === undefined ? {} : { searchPath }) }),
    ran,
  );
  const gates = createGates({
    repo: KEY,
    git: trusted,
    sandbox,
    store,
    checkoutBinds: checkoutBinds({ dataDir: dir, key: KEY }),
    workDir: join(dir, 'work'),
    setupCacheDir: join(dir, 'cache'),
    now: Date.now,
    environment: withShared(join(dir, 'shared'), cachesDir ?? join(dir, 'caches'), testEnv ?? {}),
  });
  const { outbox } = runLayout(dir, RUN);
  await mkdir(outbox, { recursive: true });
  const handOver = async (): Promise<string> => {
    await trusted.refresh();
    const bundle = join(outbox, 'head.bundle');
    git('bundle', 'create', '-q', bundle, 'HEAD');
    return await trusted.importBundle(RUN, bundle);
  };
  const shared = { run: RUN, signal: new AbortController().signal, heartbeat: () => {} };
  return {
    dir,
    gates,
    evidence: () => readEvidence(store),
    ran,
    git,
    handOver,
    async commit(tree, message = MESSAGE) {
      for (const [path, text] of Object.entries(tree)) {
        await mkdir(dirname(join(repo, path)), { recursive: true });
        await (text === null ? rm(join(repo, path)) : writeFile(join(repo, path), text));
      }
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', message);
      return await handOver();
    },
    async merge(head, main) {
      const merged = await trusted.merge(head, main, MESSAGE);
      if (merged.kind !== 'merged') throw new Error(`${head} and ${main} conflict in ${merged.files.join(', ')}`);
      return merged.head;
    },
    prove: (base, contract) => gates.proveBase({ ...shared, base, contract }),
    verify: (base, head, contract, changedTests = [], waivers = NO_WAIVERS, recordedRed = null) =>
      gates.verify({
        ...shared,
        issue: ISSUE,
        base,
        head,
        contract,
        changedTests,
        recordedRed,
        waivers,
      }),
    async close() {
      if (knowsBases === true) await rememberBases(store);
      await store.close();
      await rm(dir, { recursive: true });
    },
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
    always: false,
    ...check,
  };
  const nothing = { network: [], services: [], secrets: [], protected: [], push: 'direct', build: [] } as const;
  return { checks: [whole], toolchain: Object.keys(TOOLCHAINS), ...nothing, ...more };
}

const PYTHON = answerOf('python3', '-c', 'import sys, pytest; print(sys.prefix)');
const GO = answerOf('go', 'env', 'GOROOT');
const RUST = answerOf('rustc', '--print', 'sysroot');

function answerOf(program: string, ...args: string[]): string | null {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}

export const HAS_PYTEST = PYTHON !== null;

/** Node, and where there are such: the Python that has pytest, Go, which asks nobody for modules, and Rust. */
export const TOOLCHAINS: Readonly<Record<string, Toolchain>> = {
  ...builtinToolchains(process.execPath),
  ...(PYTHON === null ? {} : { python: { bind: [PYTHON], path: [join(PYTHON, 'bin')], env: {} } }),
  ...(RUST === null ? {} : { rust: { bind: [RUST], path: [join(RUST, 'bin')], env: {} } }),
  ...(GO === null
    ? {}
    : { go: { bind: [GO], path: [join(GO, 'bin')], env: { GOPROXY: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' } } }),
};

const DATE = '2026-01-01T00:00:00Z';
const KNOWN_BASES = new Map<string, Uint8Array>();

async function rememberBases({ control, evidence }: Store): Promise<void> {
  for (const { key, value } of await control.facts('base-proof/')) {
    const body = KNOWN_BASES.has(key) ? null : await evidence.body(String(value));
    if (body !== null) KNOWN_BASES.set(key, body);
  }
}

async function recallBases({ control, evidence }: Store): Promise<void> {
  for (const [key, body] of KNOWN_BASES) {
    const row = { run: 'earlier', kind: 'base', sha: '', verdict: 'green', summary: '', at: 0 } as const;
    const { id } = await evidence.put({ key: `earlier/${key}`, ...row, mediaType: 'application/json', body });
    await control.setFact(key, id, 0);
  }
}

/** `/shared` outlives a run, as no real environment's folder does: by it a test can behave differently the second time. */
function withShared(shared: string, cachesDir: string, testEnv: Readonly<Record<string, TestVariable>>): Environment {
  const secrets = { testEnv, audience: 'gates' } as const;
  const environment = createEnvironment({ toolchains: TOOLCHAINS, cachesDir, secrets });
  return {
    forContract(contract) {
      const given = environment.forContract(contract);
      return { ...given, binds: [...given.binds, { from: shared, to: '/shared', mode: 'rw' }] };
    },
  };
}

/** The sandbox as it is; `ran` lists what was run in it, the probe's own command left out. */
function listing(sandbox: Sandbox, ran: string[]): Sandbox {
  return {
    probe: () => sandbox.probe(),
    run(command) {
      ran.push(command.argv.at(-1) ?? '');
      return sandbox.run(command);
    },
  };
}

async function readEvidence(store: Store): Promise<Evidence[]> {
  const rows = await store.evidence.list(RUN);
  return Promise.all(
    rows.map(async (row) => {
      const body = await store.evidence.body(row.id);
      if (body === null) throw new Error(`evidence ${row.id} has no body`);
      return { ...row, body: new TextDecoder().decode(body) };
    }),
  );
}
