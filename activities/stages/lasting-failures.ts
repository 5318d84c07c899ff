/**
 * What a stage's work throws is tried again by the activity's policy, without bound, because an outage is waited out. What can't heal
 * must not be tried for ever: failures that are no outage are counted, and when they last the stage fails with the reason, as data
 * that calls a person.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { kindOfFailure, lasting, withFailure } from '../../domain/alike.ts';
import { isBug, isOutage } from '../../domain/outage.ts';
import type { Subject } from '../../domain/unit.ts';
import { headOf } from '../../domain/text.ts';
import type { Store } from '../../store/port.ts';
import type { Redaction } from '../evidence/redact.ts';

export interface LastingFailuresDeps {
  readonly store: Pick<Store, 'control'>;
  readonly redaction: Redaction;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type OfUnit = (input: { readonly runId: string } | { readonly unit: Subject }) => Promise<unknown>;

/** `what` says by its name what each activity does; the others are left as they are. */
export function endingLastingFailures<Activities extends object>(
  activities: Activities,
  what: Partial<Readonly<Record<keyof Activities & string, string>>>,
  deps: LastingFailuresDeps,
): Activities {
  const bounded = Object.entries(what).map(([name, words]) => {
    const act = Reflect.get(activities, name) as OfUnit;
    const wrapped: OfUnit = async (input) => {
      try {
        return await act(input);
      } catch (error) {
        throw await judged(deps, { name, words: String(words), of: 'unit' in input ? input.unit : input.runId }, error);
      }
    };
    return [name, wrapped];
  });
  return { ...activities, ...(Object.fromEntries(bounded) as Partial<Activities>) };
}

interface Piece {
  readonly name: string;
  readonly words: string;
  /** The unit or run whose work it is. */
  readonly of: string;
}

async function judged({ store, redaction, now }: LastingFailuresDeps, piece: Piece, error: unknown): Promise<unknown> {
  const { cancellationSignal, info } = Context.current();
  // A failure that says itself how it is to be tried again; a stop; an outage: none says anything of the work.
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure || cancellationSignal.aborted)
    return error;
  if (isOutage(error)) return error;
  const key = `failures/${piece.of}/${piece.name}` as const;
  // The first attempt of another piece of work knows nothing of the one before.
  const before = info.attempt === 1 ? null : await store.control.fact(key);
  const failures = withFailure(before, kindOfFailure(error), now());
  const times = lasting(failures, now());
  await store.control.setFact(key, failures, now());
  if (times === null) return error;
  const seconds = Math.round((now() - failures.since) / 1_000);
  const said = error instanceof Error ? error.message : String(error);
  const remedy = isBug(error)
    ? "this is a fault of Lamplighter itself: report it with the worker's log"
    : 'it does not heal by itself: mend what it names';
  const reason = `${piece.words} failed ${times} times within ${seconds} s: ${headOf(said, 300)}. ${remedy}`;
  return ApplicationFailure.nonRetryable(redaction.text(reason), 'Lasting');
}
