/** What the tests of gates stand on: a real repo in a temporary folder, trusted git's clones of it, the real sandbox, a real store. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestVariable } from '../../config/types.ts';
import { EMPTY_CONTRACT, type Check, type Contract } from '../../domain/contract.ts';
import { NO_WAIVERS, type Waivers } from '../../domain/waivers.ts';
import type { EvidenceRow } from '../../store/port.ts';
import { repoLayout, runLayout } from '../git/layout.ts';
import { checkoutBinds, createRepoGit } from '../git/repo-git.ts';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import { createEnvironment, type Environment } from '../sandbox/environment.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { takeStore, type GateStore } from './rig-store.ts';
import { toolchainsOf } from './rig-toolchains.ts';
import { createGates, type Gates, type Verified } from './gates.ts';
import type { RecordedRed } from './verification.ts';
import { runSubject } from '../../domain/unit.ts';

const KEY = 'r';
export const RUN = 'run-1';
export const ISSUE = 7;
export const MESSAGE = `Change\n\nRefs #${ISSUE}\n\nLamplighter-Run: ${RUN}\n`;
/** Null takes a file away. */
export type Tree = Readonly<Record<string, string | null>>;

/** A row with its body, as a person reads it. */
export type Evidence = EvidenceRow & { readonly body: string };

export interface RigOptions {
  /** Where the sandbox looks for its programs; the usual places when absent. */
  readonly searchPath?: readonly string[];
  readonly testEnv?: Readonly<Record<string, TestVariable>>;
  /** Where tools keep what they made; a folder of this rig alone when absent. */
  readonly cachesDir?: string;
  /** A base that was proven before in this file is known, as in a repo that has runs behind it. Commits are then dated alike. */
  readonly knowsBases?: true;
}

export interface Rig {
  readonly dir: string;
  readonly gates: Gates;
  readonly evidence: () => Promise<readonly Evidence[]>;
  /** Commands that really ran, setup and test. */
  readonly ran: readonly string[];
  readonly git: (...args: string[]) => string;
  /** Brings HEAD into trusted git as a session's work comes in, by bundle; answers with its sha. */
  readonly handOver: () => Promise<string>;
  /**
   * Commits where trusted git finds it; answers with its sha. Gates are told a sha and don't see how it came in: the way by
   * bundle takes thirty processes, and is what activities/git/hand-over.test.ts and attacks.test.ts are about.
   */
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

export async function openRig({ searchPath, testEnv, cachesDir, knowsBases }: RigOptions = {}): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), 'gates-'));
  const repo = join(dir, 'repo');
  const { clean, home } = repoLayout(dir, KEY);
  for (const folder of [repo, home, join(dir, 'shared')]) await mkdir(folder, { recursive: true });
  const env = knowsBases === undefined ? process.env : { ...process.env, ...DATES };
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      cwd: repo,
      env: { ...env, ...QUIET },
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 1e9,
    });
  const git = (...args: string[]): string => run('git', ...args);
  run('sh', '-c', INIT, 'sh', clean);
  const trusted = createRepoGit({
    repo: { key: KEY, name: 'acme/r', remote: repo, branch: 'main', pushEnv: {} },
    dataDir: dir,
    now: Date.now,
  });
  const { store, giveBack } = await takeStore();
  if (knowsBases === true) await recallBases(store);
  const ran: string[] = [];
  const proxySocketDir = join(dir, 'sandbox');
  const real = createBwrapSandbox({ proxySocketDir, ...(searchPath === undefined ? {} : { searchPath }) });
  const sandbox = listing(real, searchPath === undefined ? () => (probed ??= real.probe()) : () => real.probe(), ran);
  const gates = createGates({
    repo: KEY,
    git: trusted,
    sandbox,
    store,
    checkoutBinds: checkoutBinds({ dataDir: dir, key: KEY }),
    workDir: join(dir, 'work'),
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
      return run('sh', '-c', COMMIT, 'sh', message).trim();
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
      giveBack();
      await rm(dir, { recursive: true });
    },
  };
}

const RUNS = 'node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"';
/** What the default runs without a process for each test file, each of which starts as long as ten tests run. */
export const IN_ONE_PROCESS = `${RUNS} --test-isolation=none`;

export function contractOf(check: Partial<Check>, more: Partial<Contract> = {}): Contract {
  const whole: Check = {
    name: 'unit',
    dir: '.',
    when: [],
    setup: null,
    test: RUNS,
    report: 'junit',
    globs: ['test/**'],
    minimum: 1,
    timeoutSeconds: 60,
    always: false,
    ...check,
  };
  return { ...EMPTY_CONTRACT, checks: [whole], toolchain: ['node'], ...more };
}

/** What the repo commits lies in trusted git's clone at once. */
const INIT =
  'set -e; git init -q --template= --bare "$1"; git init -q --template= -b main; rm -r .git/objects; ln -s "$1/objects" .git/objects; mkdir .git/hooks';
const COMMIT = 'set -e; git add -A; git commit -q --allow-empty -m "$1"; git rev-parse HEAD';

const QUIET = {
  GIT_CONFIG_COUNT: '4',
  GIT_CONFIG_KEY_0: 'user.name',
  GIT_CONFIG_VALUE_0: 't',
  GIT_CONFIG_KEY_1: 'user.email',
  GIT_CONFIG_VALUE_1: 't@example.invalid',
  GIT_CONFIG_KEY_2: 'gc.auto',
  GIT_CONFIG_VALUE_2: '0',
  GIT_CONFIG_KEY_3: 'maintenance.auto',
  GIT_CONFIG_VALUE_3: 'false',
};

const DATE = '2026-01-01T00:00:00Z';
const DATES = { GIT_AUTHOR_DATE: DATE, GIT_COMMITTER_DATE: DATE };
const KNOWN_BASES = new Map<`base-proof/${string}`, Uint8Array>();

async function rememberBases({ control, evidence }: GateStore): Promise<void> {
  for (const { key, value } of await control.facts('base-proof/')) {
    const body = KNOWN_BASES.has(key) ? null : await evidence.body(String(value));
    if (body !== null) KNOWN_BASES.set(key, body);
  }
}

async function recallBases({ control, evidence }: GateStore): Promise<void> {
  for (const [key, body] of KNOWN_BASES) {
    const row = { unit: runSubject('earlier'), kind: 'base', sha: '', verdict: 'green', summary: '', at: 0 } as const;
    const { id } = await evidence.put({ key: `earlier/${key}`, ...row, mediaType: 'application/json', body });
    await control.setFact(key, id, 0);
  }
}

/** `/shared` outlives a run, as no real environment's folder does: by it a test can behave differently the second time. */
function withShared(shared: string, cachesDir: string, testEnv: Readonly<Record<string, TestVariable>>): Environment {
  const secrets = { testEnv, audience: 'gates' } as const;
  return {
    forContract(contract) {
      const toolchains = toolchainsOf(['node', ...contract.toolchain]);
      const environment = createEnvironment({ toolchains, cachesDir, secrets });
      const given = environment.forContract(contract);
      return { ...given, binds: [...given.binds, { from: shared, to: '/shared', mode: 'rw' }] };
    },
  };
}

/** This machine's sandbox is the same for each test. */
let probed: ReturnType<Sandbox['probe']> | undefined;

/** The sandbox as it is; `ran` lists what was run in it, the probe's own command left out. */
function listing(sandbox: Sandbox, probe: Sandbox['probe'], ran: string[]): Sandbox {
  return {
    probe,
    run(command) {
      ran.push(command.argv.at(-1) ?? '');
      return sandbox.run(command);
    },
  };
}

async function readEvidence(store: GateStore): Promise<Evidence[]> {
  const rows = await store.evidence.list(runSubject(RUN));
  return Promise.all(
    rows.map(async (row) => {
      const body = await store.evidence.body(row.id);
      if (body === null) throw new Error(`evidence ${row.id} has no body`);
      return { ...row, body: new TextDecoder().decode(body) };
    }),
  );
}
