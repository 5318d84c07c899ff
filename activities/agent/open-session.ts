/** Opens a unit's one session, or opens it again with the next brief. The same opening twice is one. */
import type { Brief } from '../../domain/stage.ts';
import type { Unit } from '../../domain/unit.ts';
import type { Store, Transcript } from '../../store/port.ts';
import { aside } from '../pace/aside.ts';
import { toolUses } from './conversation.ts';
import { OPENING } from './follow.ts';
import type { Transcripts } from './transcripts.ts';
import type { UnitWork } from './unit-work.ts';

export interface OpenSessionDeps {
  readonly store: Store;
  readonly transcripts: Transcripts;
  readonly work: Pick<UnitWork, 'prompt' | 'words'>;
  readonly now: () => number;
}

export interface Opening {
  readonly unit: Unit;
  readonly opening: number;
  readonly brief: Brief;
}

export async function openUnitSession(
  deps: OpenSessionDeps,
  { unit, opening, brief }: Opening,
): Promise<{ sessionId: string }> {
  const { store, work, now } = deps;
  const sessionId = `${unit.id}/work`;
  if ((await store.sessions.get(sessionId)) === null) await openFirst(deps, unit, sessionId);
  const transcript = await deps.transcripts.read(sessionId);
  const key = `${OPENING}${opening}`;
  if (transcript.inputs.some((input) => input.key === key)) return { sessionId };

  await closeOpenCalls(store, sessionId, transcript, now());
  const text = await work.words(unit.id, brief, transcript.inputs.length === 0);
  await store.sessions.addInput(sessionId, key, text, now());
  return { sessionId };
}

async function openFirst(deps: OpenSessionDeps, unit: Unit, id: string): Promise<void> {
  const { store, work, now } = deps;
  const { system, sha } = await work.prompt(unit.id);
  await store.sessions.open({ id, unit: unit.subject, system, at: now() });
  await aside(deps, { run: unit.id, what: 'its system prompt as evidence' }, () =>
    store.evidence.put({
      key: `prompt/${unit.id}`,
      unit: unit.subject,
      kind: 'prompt',
      sha,
      verdict: null,
      summary: 'the system prompt of the session',
      mediaType: 'text/markdown',
      body: system,
      at: now(),
    }),
  );
}

/** Every tool_use gets a result before a new opening says anything: the API refuses a conversation without. */
async function closeOpenCalls(
  store: Store,
  sessionId: string,
  { turns, results }: Transcript,
  at: number,
): Promise<void> {
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
