/**
 * Why an attempt at a run's work failed is kept as a fact of the run until an attempt succeeds, so that lists and pages can say it. Open pages
 * hear of it by an event when it begins, when it is another and when it ends; not at each attempt.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { headOf } from '../../domain/text.ts';
import { withTrouble, type Trouble } from '../../domain/trouble.ts';
import { isRunSubject, runSubject, unitNamed } from '../../domain/unit.ts';
import type { Control, Events } from '../../store/port.ts';
import type { Redaction } from '../evidence/redact.ts';
import { readTrouble, troubleKey } from './read-trouble.ts';
import { NOT_YET } from '../pace/waiting.ts';

export interface TroubleDeps {
  readonly store: {
    readonly control: Pick<Control, 'fact' | 'setFact'>;
    readonly events: Pick<Events, 'append'>;
  };
  readonly redaction: Redaction;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

type Activity = (input: unknown) => Promise<unknown>;

/** Every activity whose input names a run, or a run as its unit; the others are left as they are. */
export function recordingTrouble<Activities extends object>(activities: Activities, deps: TroubleDeps): Activities {
  const wrapped = Object.entries(activities).map(([name, act]: [string, Activity]) => [
    name,
    async (input: unknown) => {
      const run = runOf(input);
      return run === null ? act(input) : watched(deps, run, () => act(input));
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

async function watched(deps: TroubleDeps, run: string, work: () => Promise<unknown>): Promise<unknown> {
  const { control } = deps.store;
  const { info, cancellationSignal } = Context.current();
  try {
    const done = await work();
    if (info.attempt > 1) await beside(() => record(deps, run, null));
    return done;
  } catch (error) {
    const stopped = error instanceof CancelledFailure || cancellationSignal.aborted;
    // A known wait is no trouble: the run's stage says what is waited for.
    const waits = error instanceof ApplicationFailure && error.type === NOT_YET;
    if (stopped || waits) throw error;
    const said = headOf(deps.redaction.text(error instanceof Error ? error.message : String(error)), 300);
    await beside(async () => {
      const before = info.attempt === 1 ? null : await readTrouble(control, run);
      await record(deps, run, withTrouble(before, said, deps.now()));
    });
    throw error;
  }
}

/** The fact before the event: who is woken by that reads this. */
async function record({ store, now }: TroubleDeps, run: string, trouble: Trouble | null): Promise<void> {
  const why = trouble?.why ?? null;
  const before = await readTrouble(store.control, run);
  await store.control.setFact(troubleKey(run), trouble, now());
  if (why === (before?.why ?? null) && trouble?.times !== 1) return;
  await store.events.append({ at: now(), subject: runSubject(run), kind: 'run.trouble', data: { why } });
}

/** What is only told must cost neither the work's result nor its own failure. */
async function beside(tell: () => Promise<void>): Promise<void> {
  try {
    await tell();
  } catch (error) {
    Context.current().log.warn('why the run does not get on could not be recorded', { error: String(error) });
  }
}

function runOf(input: unknown): string | null {
  if (typeof input !== 'object' || input === null) return null;
  if ('runId' in input && typeof input.runId === 'string') return input.runId;
  return 'unit' in input && isRunSubject(input.unit) ? unitNamed(input.unit).id : null;
}
