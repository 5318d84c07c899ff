/**
 * Waiting for a remote that can't be reached, without a silent stall (invariant 10): the attempt is retried by the
 * activity's policy, a person is told after a few attempts, and after the deadline the stage fails with the reason. What asking
 * again can't heal fails at once.
 */
import { Context } from '@temporalio/activity';
import { isBug, Outage } from '../../domain/outage.ts';
import { Withheld } from '../effects/perform.ts';
import type { Escalations } from '../../store/port.ts';
import { CloneFault, RemoteUnfit } from '../git/fetch-failure.ts';
import { headOf } from '../../domain/text.ts';

export interface PatienceDeps {
  readonly store: { readonly escalations: Pick<Escalations, 'raise'> };
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Patience {
  readonly run: string;
  readonly repo: string;
  /** What is waited for, such as `the push`. */
  readonly what: string;
  /** Milliseconds from the first attempt. */
  readonly deadlineMs: number;
  /** Epoch milliseconds of when an earlier attempt last got past this: what was waited for since then was something else. */
  readonly since?: number | null;
}

type Failed = { readonly kind: 'failed'; readonly reason: string };

/** Blips heal before this attempt; the waits between attempts have grown to some ten seconds by then. */
const TELL_AT_ATTEMPT = 4;
const TELL_AFTER_MS = 10_000;

export async function patiently<T>(
  deps: PatienceDeps,
  patience: Patience,
  work: () => Promise<T>,
): Promise<T | Failed> {
  const { attempt, scheduledTimestampMs } = Context.current().info;
  const begun = Math.max(scheduledTimestampMs, patience.since ?? 0);
  try {
    return await work();
  } catch (error) {
    // Ours to mend: the remote has nothing to do with it.
    if (isBug(error)) throw error;
    // A person's word, and no trouble with the remote.
    if (error instanceof Withheld) throw error;
    const { run, repo, what, deadlineMs } = patience;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RemoteUnfit) return { kind: 'failed', reason };
    if (deps.now() - begun >= deadlineMs) {
      return { kind: 'failed', reason: `${what} was tried for ${Math.round(deadlineMs / 60_000)} minutes: ${reason}` };
    }
    if (attempt >= TELL_AT_ATTEMPT && deps.now() - begun >= TELL_AFTER_MS) {
      const decision = `mend what keeps it back, it is tried again by itself: ${headOf(reason, 300)}`;
      const topic = error instanceof CloneFault ? 'clone-unwritable' : 'remote-unreachable';
      await deps.store.escalations.raise({
        key: `${topic}/${run}/${what}`,
        run,
        repo,
        severity: 'high',
        topic,
        decision,
        at: deps.now(),
      });
    }
    throw error instanceof Outage ? error : new Outage(reason, { cause: error });
  }
}
