/** The drafted checks and build, run once in the real sandbox, each on a clean clone of what is committed. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECK_PLACE, createCheckRun, type CheckRun } from '../../activities/gates/check-run.ts';
import { createSetupCache } from '../../activities/gates/setup-cache.ts';
import { createTrustedGit, LOCAL } from '../../activities/git/trusted.ts';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import { createEnvironment, DEFAULT_LIMITS } from '../../activities/sandbox/environment.ts';
import type { Refusal } from '../../activities/sandbox/proxy.ts';
import type { Toolchain } from '../../config/types.ts';
import type { Check, Contract } from '../../domain/contract.ts';
import { remedyFor } from './remedy.ts';
import { removeTree } from './remove-tree.ts';

export interface Tried {
  /** The check's name; `build` for a command of the build stage. */
  readonly name: string;
  readonly command: string;
  readonly verdict: 'passed' | 'failed' | 'unproven';
  /** Tests that ran; null where the report cannot tell. */
  readonly tests: number | null;
  readonly seconds: number;
  /** What did not work, in one sentence; null when it passed. */
  readonly reason: string | null;
  readonly remedy: string | null;
  /** The end of what was printed, when it did not pass. */
  readonly log: string;
}

export interface TrialInput {
  readonly root: string;
  readonly sha: string;
  readonly contract: Contract;
  readonly toolchains: Readonly<Record<string, Toolchain>>;
  /** A folder of this trial alone. */
  readonly workDir: string;
  readonly say: (line: string) => void;
}

export interface Trial {
  readonly tried: readonly Tried[];
  /** What setups asked for and were then let reach: the drafted `network`. */
  readonly hosts: readonly string[];
}

/** With no host at all there is no proxy that could tell what is asked for. */
const NO_HOST = 'nothing.invalid';
const ROUNDS = 6;
const LOG_CHARS = 2_000;
const BUILD_SECONDS = 30 * 60;
const NEVER = new AbortController().signal;

/** Throws when the sandbox can't be set up; what a repo's commands do is data. */
export async function tryContract(input: TrialInput): Promise<Trial> {
  const refused = new Set<string>();
  const runOne = createOneRun(input, ({ target, reason }) => {
    if (reason.startsWith('not among the hosts')) refused.add(target.replace(/:\d+$/, '').toLowerCase());
  });
  const hosts: string[] = [];
  const tried: Tried[] = [];
  const builds = input.contract.build.map((command): Check => checkOf('build', command));
  for (const check of [...input.contract.checks, ...builds]) {
    input.say(`trying ${check.name}: ${check.test}`);
    hosts.push(...(await hostsOfSetup(check, hosts, refused, runOne)));
    refused.clear();
    const run = await runOne(check, hosts);
    tried.push(judge(check, run, [...refused]));
  }
  return { tried, hosts };
}

type OneRun = (check: Check, hosts: readonly string[]) => Promise<CheckRun>;

function createOneRun(
  { root, sha, contract, toolchains, workDir }: TrialInput,
  onRefusal: (refusal: Refusal) => void,
): OneRun {
  const sandbox = createBwrapSandbox({ proxySocketDir: join(workDir, 'proxy'), onRefusal });
  const environment = createEnvironment({ toolchains, cachesDir: join(workDir, 'caches') });
  const setupCache = createSetupCache({ dir: join(workDir, 'setups'), place: CHECK_PLACE });
  const { wallMs: _wallMs, ...limits } = DEFAULT_LIMITS;
  const runCheck = createCheckRun({ sandbox, setupCache, limits: { ...limits, processes: 1024 } });
  return async (check, hosts) => {
    const dir = await mkdtemp(join(workDir, 'try-'));
    try {
      const tree = join(dir, 'tree');
      await cleanClone(root, sha, tree, dir);
      const whole = { ...contract, network: hosts };
      const given = environment.forContract(whole);
      const reportDir = join(dir, 'report');
      return await runCheck({
        check,
        contract: whole,
        environment: given,
        tree,
        reportDir,
        trusted: true,
        signal: NEVER,
      });
    } finally {
      await removeTree(dir);
    }
  };
}

async function cleanClone(root: string, sha: string, tree: string, home: string): Promise<void> {
  await mkdir(home, { recursive: true });
  const git = createTrustedGit({ gitDir: null, home, cwd: home });
  await git.text(['clone', '--quiet', '--no-checkout', '--no-hardlinks', '--', root, tree], { protocols: LOCAL });
  await git.text(['checkout', '--quiet', '--detach', sha], { cwd: tree });
}

/** A setup is given what it asks for, host by host, because there is no other way to learn it; a person reads the list before it counts. */
async function hostsOfSetup(
  check: Check,
  known: readonly string[],
  refused: Set<string>,
  runOne: OneRun,
): Promise<string[]> {
  if (check.setup === null) return [];
  const learned: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    refused.clear();
    const run = await runOne({ ...check, test: 'true', report: 'exit-code' }, [NO_HOST, ...known, ...learned]);
    const fresh = [...refused].filter((host) => !learned.includes(host) && isName(host));
    if (run.kind === 'reported' || fresh.length === 0) break;
    learned.push(...fresh);
  }
  return learned;
}

/** Names of the world's own, as the contract takes them: no address, no name of this machine. */
function isName(host: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/.test(host);
}

function checkOf(name: string, command: string): Check {
  return {
    name,
    dir: '.',
    when: [],
    always: false,
    setup: null,
    test: command,
    report: 'exit-code',
    globs: ['**'],
    minimum: 1,
    timeoutSeconds: BUILD_SECONDS,
  };
}

function judge(check: Check, run: CheckRun, refused: readonly string[]): Tried {
  const about = { name: check.name, command: check.test, seconds: Math.round(run.ms / 100) / 10 };
  if (run.kind === 'unjudged') {
    return { ...about, ...unhappy(run.log, refused), verdict: 'unproven', tests: null, reason: run.reason };
  }
  const ran = run.outcomes.filter((one) => one.outcome !== 'skipped');
  const failed = ran.filter((one) => one.outcome !== 'passed');
  const tests = check.report === 'exit-code' ? null : ran.length;
  if (failed.length === 0 && run.code === 0 && ran.length >= check.minimum) {
    return { ...about, verdict: 'passed', tests, reason: null, remedy: null, log: '' };
  }
  const reason =
    failed.length > 0 && tests !== null
      ? `${failed.length} of ${tests} tests fail, such as ${failed[0]?.id.name}: main must be green before a run starts`
      : failed.length > 0 || run.code !== 0
        ? `the command exited with ${run.code}`
        : 'no test ran';
  const details = failed.map((one) => one.detail).join('\n');
  return { ...about, ...unhappy(`${run.log}\n${details}`, refused), verdict: 'failed', tests, reason };
}

function unhappy(log: string, refused: readonly string[]): Pick<Tried, 'remedy' | 'log'> {
  return { remedy: remedyFor(log, refused), log: log.trim().slice(-LOG_CHARS) };
}
