/** One check (setup, then test) over a tree that nothing else uses, in the sandbox. */
import type { SandboxEnvironment } from '../sandbox/environment.ts';
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Check, ReportKind } from '../../domain/contract.ts';
import { shortenLog } from '../../domain/log-trim.ts';
import { wantsDocker } from '../../domain/docker.ts';
import type { TestOutcome } from '../../domain/gates/outcome.ts';
import type { CommandResult, Sandbox, SandboxLimits } from '../sandbox/port.ts';
import { checkCommand, type CheckPlace } from './check-command.ts';
import { textOfReport, type ReadReport } from './report-parts.ts';
import { readReport } from './report.ts';
import { strikeSecrets } from './secrets.ts';
import { tailOf } from '../../domain/text.ts';

/** Where the tree stands inside, whatever it is called outside: ids and virtual environments then are the same for each run. */
export const CHECK_PLACE = '/checkout';
const REPORT_PLACE = '/lamplighter-report';

const REPORT_BYTES = 16 * 1024 * 1024;
const KEPT_BYTES = 4 * 1024 * 1024;
const LOG_CHARS = 6_000;
const COMPLAINT_CHARS = 1_500;
/** Of each stream, before it is shortened. */
const KEPT_CHARS = 32_000;

export interface CheckRunDeps {
  readonly sandbox: Sandbox;
  readonly limits: Omit<SandboxLimits, 'wallMs'>;
}

export interface CheckRunInput {
  readonly check: Check;
  readonly environment: SandboxEnvironment;
  /** The tree on this machine; git never runs in it again. */
  readonly tree: string;
  /** A fresh folder beside the tree, for the report. */
  readonly reportDir: string;
  readonly signal: AbortSignal;
}

export type CheckRun =
  | {
      readonly kind: 'reported';
      /** There only where it failed for want of it: an explanation, never a judgement. */
      readonly wants?: 'docker';
      /** Likewise: sentences. */
      readonly hints?: readonly string[];
      readonly outcomes: readonly TestOutcome[];
      readonly code: number;
      readonly log: string;
      readonly ms: number;
    }
  /** The commands ran, but there is nothing to judge: `reason` is one sentence with what would be right. */
  | {
      readonly kind: 'unjudged';
      readonly wants?: 'docker';
      readonly hints?: readonly string[];
      readonly why: UnjudgedWhy;
      readonly reason: string;
      readonly log: string;
      readonly ms: number;
    };

export type UnjudgedWhy =
  | 'setup-failed'
  | 'not-found'
  | 'hung'
  | 'killed'
  | 'no-report'
  | 'unreadable'
  /** A service did not start, so the command was never run. */
  | 'unserved';

export function createCheckRun(deps: CheckRunDeps): (input: CheckRunInput) => Promise<CheckRun> {
  return async function runCheck(input) {
    const run = await runSteps(deps, input);
    return wantsDocker(failureText(run)) ? { ...run, wants: 'docker' } : run;
  };
}

/** Whether anything about it did not pass. */
export function hasFailed(run: CheckRun): boolean {
  return run.kind === 'unjudged' || run.code !== 0 || run.outcomes.some((one) => one.outcome === 'failed');
}

/** Empty when nothing failed. */
function failureText(run: CheckRun): string {
  if (run.kind === 'unjudged') return run.log;
  const failed = run.outcomes.filter((one) => one.outcome === 'failed');
  if (!hasFailed(run)) return '';
  return [run.log, ...failed.map((one) => one.detail)].join('\n');
}

async function runSteps(deps: CheckRunDeps, input: CheckRunInput): Promise<CheckRun> {
  const failed = await setUp(deps, input);
  if (failed !== null) return failed;
  const result = await runCommand(deps, input, input.check.test);
  const log = await logOf(result);
  const stopped = stoppedRun(`the test command of check ${input.check.name}`, input.check, result, log);
  if (stopped !== null) return stopped;
  const code = result.code ?? -1;
  const report = await reportOf(input, result);
  if (report.ok) return { kind: 'reported', outcomes: report.outcomes, code, log, ms: result.ms };
  if (report.why !== 'missing') return { kind: 'unjudged', why: report.why, reason: report.reason, log, ms: result.ms };
  const why = code === 127 || code === 126 ? 'not-found' : 'no-report';
  const said =
    why === 'not-found'
      ? `: \`${input.check.test}\` was not found or may not be executed`
      : ` (the command exited with ${code})`;
  return { kind: 'unjudged', why, reason: `${report.reason}${said}`, log, ms: result.ms };
}

/**
 * Null when the folder is ready. It runs for every tree, because what it makes may come of any file of it; what it only fetches is
 * in the download caches.
 */
async function setUp(deps: CheckRunDeps, input: CheckRunInput): Promise<CheckRun | null> {
  const { check } = input;
  if (check.setup === null) return null;
  const result = await runCommand(deps, input, check.setup);
  if (result.end === 'exited' && result.code === 0 && result.unserved === undefined) return null;
  const log = await logOf(result);
  const what = `the setup command of check ${check.name}`;
  const stopped = stoppedRun(what, check, result, log);
  if (stopped !== null) return stopped;
  const why = result.code === 127 || result.code === 126 ? 'not-found' : 'setup-failed';
  return {
    kind: 'unjudged',
    why,
    reason: `${what} (\`${check.setup}\`) exited with ${result.code}`,
    log,
    ms: result.ms,
  };
}

async function runCommand(deps: CheckRunDeps, input: CheckRunInput, command: string): Promise<CommandResult> {
  const { check, environment, tree, reportDir, signal } = input;
  await mkdir(reportDir, { recursive: true });
  const place: CheckPlace = {
    dir: CHECK_PLACE,
    binds: [
      { from: tree, to: CHECK_PLACE, mode: 'rw' },
      { from: reportDir, to: REPORT_PLACE, mode: 'rw' },
    ],
    env: { LAMPLIGHTER_REPORT: `${REPORT_PLACE}/report` },
  };
  const asked = checkCommand(command, { check, environment, place, limits: deps.limits });
  const result = await deps.sandbox.run({ ...asked, signal, keepBytes: KEPT_BYTES });
  signal.throwIfAborted();
  return result;
}

function stoppedRun(what: string, check: Check, result: CommandResult, log: string): CheckRun | null {
  if (result.unserved !== undefined) {
    return { kind: 'unjudged', why: 'unserved', reason: `${what} was not run: ${log}`, log, ms: result.ms };
  }
  if (result.end === 'exited') return null;
  if (result.end === 'timeout') {
    const reason = `${what} did not end within ${check.timeoutSeconds} s and was stopped: a test or something it starts hangs, so make it end by itself`;
    return { kind: 'unjudged', why: 'hung', reason, log, ms: result.ms };
  }
  return {
    kind: 'unjudged',
    why: 'killed',
    reason: `${what} was killed (${result.end}): it may have passed a limit on memory, CPU or processes`,
    log,
    ms: result.ms,
  };
}

async function reportOf({ check, reportDir }: CheckRunInput, result: CommandResult): Promise<ReadReport> {
  const file = await readBounded(join(reportDir, 'report'));
  if (file === 'not-a-report') {
    return {
      ok: false,
      why: 'unreadable',
      reason: `the report of check ${check.name} is not a regular file of at most ${REPORT_BYTES / 1024 / 1024} MB`,
    };
  }
  const onStdout = ON_STDOUT.includes(check.report) && file.text === null;
  if (onStdout && result.droppedBytes > 0) {
    return {
      ok: false,
      why: 'unreadable',
      reason: `check ${check.name} printed too much for its ${check.report} report to be kept: write the report to $LAMPLIGHTER_REPORT`,
    };
  }
  const text = !onStdout ? file.text : check.report === 'tap' ? tapPart(result.stdout) : result.stdout;
  return readReport({
    kind: check.report,
    text,
    code: result.code ?? -1,
    check: check.name,
    roots: [posix.join(CHECK_PLACE, check.dir), CHECK_PLACE],
  });
}

/** What these runners print, they print on stdout unless they are told otherwise. */
const ON_STDOUT: readonly ReportKind[] = ['tap', 'go-json', 'cargo-json'];

/** What a wrapper such as npm prints before the report is not part of it. */
function tapPart(stdout: string): string | null {
  const start = stdout.search(/^TAP version \d+|^(?:not )?ok \d|^1\.\.\d+/m);
  return start < 0 ? null : stdout.slice(start);
}

/** The check's commands wrote there, so it may be a link, a pipe or endless: null when absent, never followed, never waited for. */
async function readBounded(path: string): Promise<{ readonly text: string | null } | 'not-a-report'> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') return { text: null };
    if (code === 'ELOOP' || code === 'EISDIR' || code === 'ENXIO' || code === 'EACCES') return 'not-a-report';
    throw error;
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > REPORT_BYTES) return 'not-a-report';
    return { text: textOfReport(await file.readFile()) };
  } finally {
    await file.close();
  }
}

/** The end of what was printed, and complaints from before it. More than is kept is searched for secrets, because a cut one would not be known. */
async function logOf({ stdout, stderr }: CommandResult): Promise<string> {
  const parts: string[] = [];
  for (const text of [stdout, stderr]) {
    const clean = await strikeSecrets(stripVTControlCharacters(tailOf(text, KEPT_CHARS + LOG_CHARS)));
    const kept = text.length > KEPT_CHARS ? tailOf(clean, KEPT_CHARS) : clean;
    if (kept.trim() !== '') parts.push(shortenLog(kept.trim(), COMPLAINT_CHARS, LOG_CHARS - COMPLAINT_CHARS));
  }
  return parts.join('\n--- stderr ---\n');
}
