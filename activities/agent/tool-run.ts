/**
 * Runs one tool call and stores its result; the first result stands. An unsafe call is marked before it acts, so that
 * it is never run a second time: whoever finds the mark and no result says that it was interrupted.
 */
import type { SessionEnd } from '../../domain/session-end.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import { DEFAULT_LIMITS, type SandboxEnvironment } from '../sandbox/environment.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { toolUses } from './conversation.ts';
import { baseOf } from './open-session.ts';
import type { ToolUse } from './port.ts';
import { unheard } from './session-acts.ts';
import { endOf, hasBegun, setBegun, setEnd, type CallKey } from './session-facts.ts';
import { createStopWatch } from './stop-watch.ts';
import { bindCall } from './tools/all.ts';
import { readHead, withBundle } from './tools/hand-over.ts';
import { STOPPED } from './tools/output.ts';
import { createShell, taught, type Place, type ToolOutcome } from './tools/tool.ts';

export interface ToolRunDeps {
  readonly store: Store;
  readonly git: RepoGit;
  readonly sandbox: Pick<Sandbox, 'run'>;
  readonly environmentOf: (run: RunRow) => Promise<SandboxEnvironment>;
  readonly shouldStop: (runId: string) => Promise<boolean>;
  readonly scratchDir: string;
  readonly now: () => number;
}

export interface ToolRunInput {
  readonly run: RunRow;
  readonly call: CallKey;
  readonly signal: AbortSignal;
}

export type ToolRan = { readonly kind: 'done' } | { readonly kind: 'ended'; readonly end: SessionEnd };

export async function runToolCall(deps: ToolRunDeps, input: ToolRunInput): Promise<ToolRan> {
  const { store, now } = deps;
  const { call } = input;
  const { sessions, control } = store;
  const transcript = await sessions.transcript(call.sessionId);
  const isDone = transcript.results.some((one) => one.turn === call.turn && one.toolUseId === call.toolUseId);
  if (isDone) return ranWith(await endOf(control, call));

  const turn = transcript.turns.find((one) => one.turn === call.turn);
  const use = turn === undefined ? undefined : toolUses(turn).find((one) => one.id === call.toolUseId);
  if (use === undefined)
    throw new Error(`session ${call.sessionId} has no tool call ${call.toolUseId} in turn ${call.turn}`);
  const unsafe = bindCall(use.name, use.input).replay === 'unsafe';
  if (unsafe && (await hasBegun(control, call))) {
    await recordLost(deps, input);
    return { kind: 'done' };
  }
  if (await deps.shouldStop(input.run.id)) {
    await putResult(deps, call, taught('Not run: stopped by a person or the kill switch.'));
    return { kind: 'done' };
  }
  if (unsafe) await setBegun(control, call, now());
  const outcome = await heardFirst(deps, input, await actOut(deps, input, use));
  if (outcome.end !== undefined) await setEnd(control, call, outcome.end, now());
  await putResult(deps, call, outcome);
  return ranWith(outcome.end ?? null);
}

/** Work is not handed over past a person who has just said something: the session hears it and submits again. */
async function heardFirst(deps: ToolRunDeps, { run }: ToolRunInput, outcome: ToolOutcome): Promise<ToolOutcome> {
  if (outcome.end?.kind !== 'submitted' || (await unheard(deps.store, run.id)).length === 0) return outcome;
  return taught('Not handed over yet: a person has something to say first. Read it, act on it, and submit again.');
}

function ranWith(end: SessionEnd | null): ToolRan {
  return end === null ? { kind: 'done' } : { kind: 'ended', end };
}

async function actOut(deps: ToolRunDeps, { run, call, signal }: ToolRunInput, use: ToolUse): Promise<ToolOutcome> {
  const { store, git, now } = deps;
  const base = baseOf(run);
  const watch = createStopWatch(() => deps.shouldStop(run.id), signal);
  const bound = bindCall(use.name, use.input);
  const place = (): Promise<Place> => openPlace(deps, run, watch.signal);
  let outcome: ToolOutcome;
  try {
    outcome = await bound.run({
      run: { id: run.id, issue: run.issue, base },
      place,
      git,
      scratchDir: deps.scratchDir,
      keepSubmission: async (submission) => {
        await keepBundle(deps, run, submission.head);
        await store.control.setFact(`submit/${run.id}`, submission, now());
      },
    });
    if (bound.replay === 'unsafe' && !watch.signal.aborted) await keepCommits(deps, run, base, await place());
  } finally {
    await watch.end();
  }
  if (signal.aborted) {
    // A cancelled call ends the activity; an unsafe one leaves word of what became of it.
    if (bound.replay === 'unsafe')
      await putResult(deps, call, { content: `${outcome.content}\n${STOPPED}`, isError: true });
    signal.throwIfAborted();
  }
  // A tool of several commands takes the stop for a failure of the one that it hit.
  const unsaid = watch.stopped() && outcome.isError && !outcome.content.includes(STOPPED);
  return unsaid ? { ...outcome, content: `${outcome.content}\n${STOPPED}` } : outcome;
}

async function openPlace(deps: ToolRunDeps, run: RunRow, signal: AbortSignal): Promise<Place> {
  const worktree = await deps.git.openWorktree(run.id, baseOf(run));
  const environment = await deps.environmentOf(run);
  const shell = createShell({ sandbox: deps.sandbox, worktree, environment, limits: DEFAULT_LIMITS, signal });
  return { worktree, shell };
}

/** Committed work goes into evidence as soon as HEAD has moved, once for each head (invariants 6 and 11). */
async function keepCommits(deps: ToolRunDeps, run: RunRow, base: string, { shell, worktree }: Place): Promise<void> {
  const { store, now } = deps;
  const head = await readHead(shell);
  const fact = `bundled/${run.id}`;
  if (head === null || head === base || (await store.control.fact(fact)) === head) return;
  await withBundle(shell, worktree, base, async (bundled) => {
    // Nothing beyond the base, or a repository in the middle of being broken: the next command that moves HEAD shows.
    if (!bundled.ok) return;
    await putBundle(deps, run, head, bundled.bytes);
    await store.control.setFact(fact, head, now());
  });
}

/** What was submitted, as it stands in the clean clone. */
async function keepBundle(deps: ToolRunDeps, run: RunRow, head: string): Promise<void> {
  const bytes = await deps.git.exportBundle(head);
  if (bytes !== null) await putBundle(deps, run, head, bytes);
}

async function putBundle({ store, now }: ToolRunDeps, run: RunRow, head: string, body: Uint8Array): Promise<void> {
  await store.evidence.put({
    key: `bundle/${run.id}/${head}`,
    run: run.id,
    kind: 'bundle',
    sha: head,
    verdict: null,
    summary: `commits up to ${head.slice(0, 10)}, ${body.byteLength} bytes`,
    mediaType: 'application/x-git-bundle',
    body,
    at: now(),
  });
}

async function putResult(deps: ToolRunDeps, call: CallKey, outcome: ToolOutcome): Promise<void> {
  const { store, now } = deps;
  const { sessionId: session, turn, toolUseId } = call;
  if (outcome.full !== undefined) await keepOutput(deps, call, outcome.full);
  await store.sessions.putResult({
    session,
    turn,
    toolUseId,
    content: outcome.content,
    isError: outcome.isError,
    at: now(),
  });
}

async function keepOutput(
  { store, now }: ToolRunDeps,
  { sessionId, turn, toolUseId }: CallKey,
  body: string,
): Promise<void> {
  const session = await store.sessions.get(sessionId);
  if (session === null) throw new Error(`session ${sessionId} is not in the store`);
  await store.evidence.put({
    key: `tool-output/${sessionId}/${turn}/${toolUseId}`,
    run: session.run,
    kind: 'tool-output',
    sha: null,
    verdict: null,
    summary: `whole output of a tool call in turn ${turn}, ${body.length} characters`,
    mediaType: 'text/plain',
    body,
    at: now(),
  });
}

const INTERRUPTED =
  'Interrupted: the worker was lost while this ran, and it may have run in part. Look at the state of the work folder before you go on.';
const LOCK_PATIENCE_MS = 60_000;

/** No git of the session is at work behind the fence: a lock that is there was left by the command that was lost. */
const CLEAR_LOCKS = ['sh', '-c', 'find "$(git rev-parse --git-dir)" -name "*.lock" -type f -delete'];

/** Says "interrupted" only while holding the run's fence: then nothing of the lost call is left running. */
export async function recordLost(deps: ToolRunDeps, { run, call, signal }: ToolRunInput): Promise<void> {
  const { shell } = await openPlace(deps, run, signal);
  const held = await shell.run({ argv: CLEAR_LOCKS, wallMs: LOCK_PATIENCE_MS, keepBytes: 1024 });
  if (held.end !== 'exited')
    throw new Error(
      `the fence of run ${run.id} could not be held (${held.end}): something of the lost call may still run`,
    );
  await putResult(deps, call, { content: INTERRUPTED, isError: true });
}
