/** Opens a run's one session, or opens it again with the next brief. The same opening twice is one. */
import type { Issue } from '../../domain/issue.ts';
import type { Brief } from '../../domain/stage.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import { aside } from '../run/aside.ts';
import { toolUses } from './conversation.ts';
import { OPENING } from './follow.ts';
import { briefText, openingText, sessionPrompt } from './prompt.ts';
import { redFacts } from './red-facts.ts';
import { runSubject } from '../../domain/unit.ts';

export interface OpenSessionDeps {
  readonly store: Store;
  readonly git: Pick<RepoGit, 'readFile'>;
  readonly issueOf: (run: RunRow) => Promise<Issue>;
  readonly now: () => number;
}

export interface Opening {
  readonly run: RunRow;
  readonly opening: number;
  readonly brief: Brief;
}

export async function openRunSession(
  deps: OpenSessionDeps,
  { run, opening, brief }: Opening,
): Promise<{ sessionId: string }> {
  const { store, now } = deps;
  const sessionId = `${run.id}/work`;
  if ((await store.sessions.get(sessionId)) === null) {
    const system = await sessionPrompt(run, baseOf(run), deps.git);
    await store.sessions.open({ id: sessionId, unit: runSubject(run.id), system, at: now() });
    await aside(deps, { run: run.id, what: 'its system prompt as evidence' }, () =>
      keepPrompt(store, run, system, now()),
    );
  }
  const transcript = await store.sessions.transcript(sessionId);
  const key = `${OPENING}${opening}`;
  if (transcript.inputs.some((input) => input.key === key)) return { sessionId };

  await closeOpenCalls(store, sessionId, now());
  const isFirst = transcript.inputs.length === 0;
  const text = isFirst
    ? openingText(await deps.issueOf(run), run, brief)
    : briefText(brief, await noteOf(store, run, brief), await knownRed(store, run, brief));
  await store.sessions.addInput(sessionId, key, text, now());
  return { sessionId };
}

export function baseOf(run: RunRow): string {
  const { base } = run.state.progress;
  if (base === null)
    throw new Error(`run ${run.id} has no base yet: its session was asked for before prepare had ended`);
  return base;
}

/** Every tool_use gets a result before a new opening says anything: the API refuses a conversation without. */
async function closeOpenCalls(store: Store, sessionId: string, at: number): Promise<void> {
  const { turns, results } = await store.sessions.transcript(sessionId);
  const last = turns.at(-1);
  if (last === undefined) return;
  for (const call of toolUses(last)) {
    if (results.some((one) => one.turn === last.turn && one.toolUseId === call.id)) continue;
    await store.sessions.putResult({
      session: sessionId,
      turn: last.turn,
      toolUseId: call.id,
      isError: true,
      at,
      content: 'The session had ended before this was run to its end; it may have run in part.',
    });
  }
}

/** History carries the act's id, the words of the person stay in the store. */
async function noteOf(store: Store, run: RunRow, brief: Brief): Promise<string | null> {
  if (brief.kind !== 'retry' && brief.kind !== 'rejected') return null;
  const acts = await store.acts.list(run.id);
  return acts.find((act) => brief.note === `act ${act.id}`)?.note ?? null;
}

async function knownRed(store: Store, run: RunRow, brief: Brief): Promise<readonly string[] | null> {
  const red = brief.kind === 'deploy-red' ? brief.red : brief.kind === 'retry' ? run.state.progress.red : null;
  return red === null ? null : redFacts(store.evidence, run.id, red);
}

async function keepPrompt(store: Store, run: RunRow, system: string, at: number): Promise<void> {
  await store.evidence.put({
    key: `prompt/${run.id}`,
    unit: runSubject(run.id),
    kind: 'prompt',
    sha: run.state.progress.base,
    verdict: null,
    summary: 'the system prompt of the session',
    mediaType: 'text/markdown',
    body: system,
    at,
  });
}
