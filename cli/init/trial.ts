/** The drafted checks and build, run once in the real sandbox, each on a clean clone of what is committed. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECK_PLACE, createCheckRun, type CheckRun } from '../../activities/gates/check-run.ts';
import { createSetupCache } from '../../activities/gates/setup-cache.ts';
import { createTrustedGit, LOCAL } from '../../activities/git/trusted.ts';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import { createEnvironment, DEFAULT_LIMITS } from '../../activities/sandbox/environment.ts';
import { NOT_PUBLIC, type Refusal } from '../../activities/sandbox/proxy.ts';
import type { Egress, Toolchain } from '../../config/types.ts';
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
  readonly egress: Egress;
  /** A folder of this trial alone. */
  readonly workDir: string;
  readonly say: (line: string) => void;
}

export interface Trial {
  readonly tried: readonly Tried[];
  /** What setups asked for and were then let reach: the drafted `network`. */
  readonly hosts: readonly string[];
  /** Hosts that stand for an address that is not public, and that nobody allowed: sentences. */
  readonly unreached: readonly string[];
}

/** With no host at all there is no proxy that could tell what is asked for. */
const NO_HOST = 'nothing.invalid';
const LOG_CHARS = 2_000;
const BUILD_SECONDS = 30 * 60;

/** Throws when the sandbox can't be set up; what a repo's commands do is data. */
export async function tryContract(input: TrialInput): Promise<Trial> {
  const hosts: string[] = [];
  const unreached: string[] = [];
  const tried: Tried[] = [];
  const bench = createTrialBench(input, {
    admit: (host) => isName(host) && (hosts.includes(host) || hosts.push(host) > 0),
    unreachable: (sentence) => void (unreached.includes(sentence) || unreached.push(sentence)),
  });
  const builds = input.contract.build.map((command): Check => checkOf('build', command));
  for (const check of [...input.contract.checks, ...builds]) {
    input.say(`trying ${check.name}: ${check.test}`);
    if (check.setup !== null && unreached.length === 0) await bench.learn(check, hosts);
    const run = unreached.length === 0 ? await bench.run(check, hosts) : null;
    tried.push(run === null ? unproven(check, unreached) : judge(check, run.check, run.refused));
  }
  return { tried, hosts, unreached };
}

interface TrialBench {
  /**
   * Runs the setup alone, with whatever it asks for of the network, because there is no other way to learn it; a person
   * reads the list before it counts.
   */
  learn(check: Check, hosts: readonly string[]): Promise<void>;
  /** With `hosts` alone; null when one of them could not be reached. */
  run(
    check: Check,
    hosts: readonly string[],
  ): Promise<{ readonly check: CheckRun; readonly refused: readonly string[] } | null>;
}

interface Learned {
  readonly admit: (host: string) => boolean;
  readonly unreachable: (sentence: string) => void;
}

function createTrialBench(input: TrialInput, { admit, unreachable }: Learned): TrialBench {
  const { contract, toolchains, workDir, egress } = input;
  const environment = createEnvironment({ toolchains, cachesDir: join(workDir, 'caches') });
  const setupCache = createSetupCache({ dir: join(workDir, 'setups'), place: CHECK_PLACE });
  const { wallMs: _wallMs, ...limits } = DEFAULT_LIMITS;

  async function once(check: Check, hosts: readonly string[], learning: boolean): ReturnType<TrialBench['run']> {
    const refused = new Set<string>();
    // Tools ask again for minutes; what stays refused need not be waited for.
    const stop = new AbortController();
    const onRefusal = ({ target, reason }: Refusal): void => {
      const host = target.replace(/:\d+$/, '').toLowerCase();
      if (reason.startsWith('not among the hosts')) refused.add(host);
      if (!reason.includes(NOT_PUBLIC)) return;
      unreachable(`${host} ${reason.replace(/ \(.*/, '')}`);
      stop.abort();
    };
    const sandbox = createBwrapSandbox({
      proxySocketDir: join(workDir, 'proxy'),
      onRefusal,
      egress,
      ...(learning ? { admit } : {}),
    });
    const runCheck = createCheckRun({ sandbox, setupCache, limits: { ...limits, processes: 1024 } });
    const dir = await mkdtemp(join(workDir, 'try-'));
    try {
      const tree = join(dir, 'tree');
      await cleanClone(input.root, input.sha, tree, dir);
      const whole = { ...contract, network: hosts };
      const ran = await runCheck({
        check,
        contract: whole,
        environment: environment.forContract(whole),
        tree,
        reportDir: join(dir, 'report'),
        trusted: true,
        signal: stop.signal,
      });
      return { check: ran, refused: [...refused] };
    } catch (error) {
      if (stop.signal.aborted) return null;
      throw error;
    } finally {
      await removeTree(dir);
    }
  }

  return {
    async learn(check, hosts) {
      await once({ ...check, test: 'true', report: 'exit-code' }, [NO_HOST, ...hosts], true);
    },
    run: (check, hosts) => once(check, hosts, false),
  };
}

async function cleanClone(root: string, sha: string, tree: string, home: string): Promise<void> {
  await mkdir(home, { recursive: true });
  const git = createTrustedGit({ gitDir: null, home, cwd: home });
  await git.text(['clone', '--quiet', '--no-checkout', '--no-hardlinks', '--', root, tree], { protocols: LOCAL });
  await git.text(['checkout', '--quiet', '--detach', sha], { cwd: tree });
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
  return { remedy: remedyFor(log, refused), log: log.trim().slice(-LOG_CHARS) };
}
