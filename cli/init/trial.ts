/** The drafted checks and build, run once in the real sandbox, each on a clean clone of what is committed. */
import { lookup } from 'node:dns/promises';
import { mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { inFreshFolder } from '../../activities/exec/remove-tree.ts';
import { CHECK_LIMITS } from '../../activities/gates/check-command.ts';
import { createCheckRun, type CheckRun } from '../../activities/gates/check-run.ts';
import { AS_OLD_AS_IT_IS } from '../../activities/git/old-history.ts';
import { makeEmptyRepo } from '../../activities/git/empty-repo.ts';
import { OWN_SETTINGS } from '../../activities/git/own-repo.ts';
import { createSubmodules } from '../../activities/git/submodules.ts';
import { createTrustedGit, LOCAL } from '../../activities/git/trusted.ts';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import { createEnvironment } from '../../activities/sandbox/environment.ts';
import type { Refusal } from '../../activities/sandbox/proxy.ts';
import type { Egress, Toolchain } from '../../config/types.ts';
import type { Check, Contract } from '../../domain/contract.ts';
import { trimLog } from '../../domain/log-trim.ts';
import { createLearning, hostOf, type Learning, type Resolve } from './learning.ts';
import { untilQuiet } from './quiet.ts';
import { remedyFor } from './remedy.ts';

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
  /** Address of the repo, and those of submodules that may be fetched. */
  readonly remote: string;
  readonly submodules: readonly string[];
  readonly contract: Contract;
  readonly toolchains: Readonly<Record<string, Toolchain>>;
  readonly egress: Egress;
  /** Hosts that the repo's files name, and that a setup may come to ask for. */
  readonly named: readonly string[];
  /** What a name stands for; as the machine says when absent. */
  readonly resolve?: Resolve;
  /** A folder of this trial alone. */
  readonly workDir: string;
  readonly say: (line: string) => void;
}

export interface Trial {
  readonly tried: readonly Tried[];
  /** Submodules that stay empty, and why: sentences. */
  readonly empty: readonly string[];
  /** What setups asked for and were then let reach: the drafted `network`. */
  readonly hosts: readonly string[];
  /** Names that may stand for an address that is not public: those that were given, and others of the same servers. */
  readonly privateHosts: readonly string[];
  /** Hosts that stand for an address that is not public, and that nobody allowed: sentences. */
  readonly unreached: readonly string[];
}

/** With no host at all there is no proxy that could tell what is asked for. */
const NO_HOST = 'nothing.invalid';
const LOG_CHARS = 2_000;
const BUILD_SECONDS = 30 * 60;

/** Each adds a name at least. */
const MOST_LESSONS = 10;

/** Throws when the sandbox can't be set up; what a repo's commands do is data. */
export async function tryContract(input: TrialInput): Promise<Trial> {
  const { contract, say } = input;
  const resolve = input.resolve ?? (async (host) => (await lookup(host)).address);
  const learning = await createLearning(input.egress, resolve);
  const runs = createTrialRuns(input, { learning, resolve });
  // All before the first is run: what is refused to one setup must not hide what the next one wants.
  for (const check of distinctSetups(contract.checks)) {
    say(`learning what ${check.name} downloads: ${check.setup}`);
    await runs.learn(check);
  }
  if (learning.unreached.length > 0) await learning.lookAt(input.named);

  const tried: Tried[] = [];
  for (const check of [...contract.checks, ...contract.build.map((command) => checkOf('build', command))]) {
    if (learning.unreached.length === 0) say(`trying ${check.name}: ${check.test}`);
    const run = learning.unreached.length === 0 ? await runs.run(check) : null;
    tried.push(run === null ? unproven(check, learning.unreached) : judge(check, run.check, run.refused));
  }
  const { hosts, unreached } = learning;
  return { tried, hosts, unreached, privateHosts: learning.egress().privateHosts, empty: runs.empty() };
}

/** Packages of one workspace are set up by one command at its root. */
function distinctSetups(checks: readonly Check[]): Check[] {
  const seen = new Set<string>();
  return checks.filter(({ dir, setup }) => {
    if (setup === null) return false;
    const [, away = '.', command = setup] = /^cd (\S+) && (.+)$/.exec(setup) ?? [];
    const what = `${posix.join(dir, away)} ${command}`;
    return seen.has(what) ? false : seen.add(what).has(what);
  });
}

interface TrialRuns {
  /**
   * Runs the setup alone, with whatever it asks for of the network, because there is no other way to learn it; a person
   * reads the list before it counts.
   */
  learn(check: Check): Promise<void>;
  /** What no run has found filled. */
  empty(): readonly string[];
  /** With the hosts that were learnt, and no other; null when one of them could not be reached. */
  run(check: Check): Promise<{ readonly check: CheckRun; readonly refused: readonly string[] } | null>;
}

function createTrialRuns(
  input: TrialInput,
  { learning, resolve }: { readonly learning: Learning; readonly resolve: Resolve },
): TrialRuns {
  const { contract, toolchains, workDir } = input;
  const environment = createEnvironment({ toolchains, cachesDir: join(workDir, 'caches') });

  let empty: readonly string[] = [];

  async function once(check: Check, network: readonly string[], listener: Listener): Promise<CheckRun | null> {
    const sandbox = createBwrapSandbox({
      proxySocketDir: join(workDir, 'proxy'),
      egress: learning.egress(),
      resolve,
      onRefusal: (refusal) => listener.refused(refusal),
      ...(listener.admit === undefined ? {} : { admit: listener.admit }),
    });
    const runCheck = createCheckRun({ sandbox, limits: CHECK_LIMITS });
    try {
      // The whole work folder goes at the end, and what keeps it is said then.
      const { value } = await inFreshFolder(join(workDir, 'try-'), async (dir) => {
        const tree = join(dir, 'tree');
        await cleanClone(input.root, input.sha, tree, dir);
        empty = await fillSubmodules(input, tree, dir);
        const whole = { ...contract, network };
        const given = environment.forContract(whole);
        return await runCheck({
          check,
          environment: { ...given, binds: [...given.binds, { from: submodulesDir(input), mode: 'ro' }] },
          tree,
          reportDir: join(dir, 'report'),
          signal: listener.signal,
        });
      });
      return value;
    } catch (error) {
      if (listener.signal.aborted) return null;
      throw error;
    }
  }

  return {
    empty: () => empty,
    async learn(check) {
      for (let lesson = 0; lesson < MOST_LESSONS; lesson++) {
        const known = learning.egress().privateHosts.length;
        const quiet = untilQuiet();
        const listener: Listener = {
          signal: quiet.signal,
          refused(refusal) {
            const what = learning.refused(refusal);
            if (what === 'again') quiet.stop();
            else if (what === 'stop') quiet.heard(hostOf(refusal.target));
          },
          admit: (host) => learning.admit(host),
        };
        await once({ ...check, test: 'true', report: 'exit-code' }, [NO_HOST, ...learning.hosts], listener);
        quiet.close();
        if (learning.egress().privateHosts.length === known) return;
      }
    },
    async run(check) {
      const refused = new Set<string>();
      const stop = new AbortController();
      const ran = await once(check, learning.hosts, {
        signal: stop.signal,
        refused(refusal) {
          if (refusal.reason.startsWith('not among the hosts')) refused.add(hostOf(refusal.target));
          // Tools ask again for minutes; what stays refused need not be waited for.
          if (learning.refused(refusal) !== 'other') stop.abort();
        },
      });
      return ran === null ? null : { check: ran, refused: [...refused] };
    },
  };
}

interface Listener {
  readonly signal: AbortSignal;
  refused(refusal: Refusal): void;
  readonly admit?: (host: string) => boolean;
}

async function cleanClone(root: string, sha: string, tree: string, home: string): Promise<void> {
  await mkdir(home, { recursive: true });
  const git = createTrustedGit({ gitDir: null, home, cwd: home });
  await git.text([...AS_OLD_AS_IT_IS, 'clone', '--quiet', '--no-checkout', '--no-hardlinks', '--', root, tree], {
    protocols: LOCAL,
  });
  // As a run has it: a repository of the folder's own, without the settings of a clone.
  await makeEmptyRepo(join(tree, '.git'), { bare: false, settings: OWN_SETTINGS });
  await git.text(['checkout', '--quiet', '--detach', sha], { cwd: tree });
}

function submodulesDir({ workDir }: Pick<TrialInput, 'workDir'>): string {
  return join(workDir, 'submodules');
}

/** As the gates have them. What can't be had is said, and the checks are tried without. */
async function fillSubmodules(input: TrialInput, tree: string, home: string): Promise<readonly string[]> {
  const dir = submodulesDir(input);
  await mkdir(dir, { recursive: true });
  const gitDeps = { gitDir: join(tree, '.git'), home, cwd: home };
  const submodules = createSubmodules({
    mayHold: async () => true,
    git: createTrustedGit(gitDeps),
    gitDeps,
    remote: input.remote,
    listed: input.submodules,
    dir,
    locked: (work) => work(),
  });
  try {
    const empty = await submodules.obtain(input.sha);
    await submodules.place(input.sha, tree);
    return empty;
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
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

function unproven(check: Check, unreached: readonly string[]): Tried {
  return {
    name: check.name,
    command: check.test,
    seconds: 0,
    verdict: 'unproven',
    tests: null,
    reason: `it was not tried, because ${unreached.join(', and ')}`,
    remedy: privateHostRemedy(unreached),
    log: '',
  };
}

function privateHostRemedy(unreached: readonly string[]): string {
  const names = unreached.map((sentence) => `--private-host ${sentence.split(' ')[0]}`).join(' ');
  return `where that is your network's own server or proxy, run init again with ${names}, beside those you gave; behind a proxy that HTTPS_PROXY names, set it and run init again`;
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
  return { remedy: remedyFor(log, refused), log: trimLog(log, LOG_CHARS) };
}
