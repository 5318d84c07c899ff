/** What the turns of a session did, for the rule on repeats: read from the transcript, with one look at the work folder where a call repeats. */
import { createHash } from 'node:crypto';
import { repeatsOf, type Did, type Repeats, type Step } from '../../domain/repeats.ts';
import { headOf } from '../../domain/text.ts';
import type { Control, ToolResultRow, Transcript, TurnRow } from '../../store/port.ts';
import { toolUses } from './conversation.ts';
import { HEARD, OPENING } from './follow.ts';
import type { ToolUse } from '../model/port.ts';
import { bindCall } from './tools/all.ts';
import type { Shell } from './tools/tool.ts';

/** What the work folder held after a turn, by the turn. */
export type Places = Readonly<Record<string, string>>;

/** For people, in a reason. */
const CALL_CHARACTERS = 160;
const LOOK_MS = 60_000;
/** More than the rule ever counts. */
const MOST_PLACES = 60;

/** Since the session was last opened or a person last said something to it: both are a reason to try again. */
export function repeatsIn(transcript: Transcript, places: Places): Repeats | null {
  return repeatsOf(sinceLastWord(transcript).map((turn) => stepOf(turn, transcript, places[turn.turn] ?? null)));
}

/** Whether the same call has come to the same before; what its turn does besides is no matter. */
export function isRepeat(
  transcript: Transcript,
  use: ToolUse,
  result: Pick<ToolResultRow, 'content' | 'isError'>,
): boolean {
  const { key } = didOf(use, result);
  return sinceLastWord(transcript).some((turn) => stepOf(turn, transcript, null).did.some((did) => did.key === key));
}

function sinceLastWord({ turns, inputs }: Transcript): readonly TurnRow[] {
  const words = inputs.filter(({ key }) => key.startsWith(OPENING) || key.startsWith(HEARD));
  const from = Math.max(1, ...words.map((input) => input.beforeTurn));
  return turns.filter(({ turn }) => turn >= from);
}

function stepOf(turn: TurnRow, transcript: Transcript, place: string | null): Step {
  return { did: didBy(turn, transcript), place };
}

/** Of turns whose calls have all been answered: what they did stays so. */
const didBefore = new WeakMap<TurnRow, readonly Did[]>();

function didBy(turn: TurnRow, { results }: Transcript): readonly Did[] {
  const known = didBefore.get(turn);
  if (known !== undefined) return known;
  const uses = toolUses(turn);
  if (uses.length === 0)
    return [{ call: 'a reply without a call', key: digest([turn.stopReason, turn.content]), failed: true }];
  const did = uses.flatMap((use) => {
    const result = results.findLast((one) => one.turn === turn.turn && one.toolUseId === use.id);
    return result === undefined ? [] : [didOf(use, result)];
  });
  if (did.length === uses.length) didBefore.set(turn, did);
  return did;
}

function didOf({ name, input }: ToolUse, { content, isError }: Pick<ToolResultRow, 'content' | 'isError'>): Did {
  const given = JSON.stringify(input) ?? '';
  // A call that nobody can run is the same whatever it is given.
  const what = bindCall(name, input).isRefused === true ? name : `${name} ${given}`;
  return { call: headOf(`${name} ${given}`, CALL_CHARACTERS), key: digest([what, content]), failed: isError };
}

function digest(of: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('base64url');
}

/** HEAD and all that is not committed, as one digest; null where git or its repository is too broken to say. */
export async function lookAtPlace(shell: Shell): Promise<string | null> {
  const all = [
    'git rev-parse HEAD',
    'git diff --no-ext-diff --no-textconv --binary HEAD',
    'git ls-files -z --others --exclude-standard',
    'git ls-files -z --others --exclude-standard | xargs -0 -r cat --',
  ].join('; ');
  const argv = ['sh', '-c', `{ ${all}; } 2>&1 | sha256sum`];
  const { end, code, stdout } = await shell.run({ argv, wallMs: LOOK_MS, keepBytes: 1024 });
  return end === 'exited' && code === 0 ? stdout.slice(0, 64) : null;
}

export async function placesOf(control: Pick<Control, 'fact'>, session: string): Promise<Places> {
  return (await control.fact(factOf(session))) ?? {};
}

export async function keepPlace(
  control: Pick<Control, 'fact' | 'setFact'>,
  { session, turn, place }: { readonly session: string; readonly turn: number; readonly place: string },
  at: number,
): Promise<void> {
  const places: [string, string][] = Object.entries({ ...(await placesOf(control, session)), [turn]: place });
  await control.setFact(factOf(session), Object.fromEntries(places.slice(-MOST_PLACES)), at);
}

function factOf(session: string): `places/${string}` {
  return `places/${session}`;
}
