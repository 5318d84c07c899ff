/** A reached cap holds: no run is opened, no model call starts, nothing fails. One person is called for each cap and window. */
import { capsAt, holdInWords, isReached, type Caps, type CapStanding } from '../../domain/caps.ts';
import type { Escalations, Ledger } from '../../store/port.ts';

export interface CapDeps {
  readonly store: {
    readonly ledger: Pick<Ledger, 'standing'>;
    readonly escalations: Pick<Escalations, 'raise'>;
  };
  readonly caps: Caps;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface CappedRepo {
  readonly key: string;
  readonly name: string;
}

/** Whether a reached cap binds the repo now; if so a person has been called. */
export async function isHeldByCap(deps: CapDeps, repo: CappedRepo): Promise<boolean> {
  const standings = await deps.store.ledger.standing(capsAt(deps.caps, repo.key, deps.now()));
  const reached = standings.filter(isReached);
  await callForCaps(deps, repo, reached);
  return reached.length > 0;
}

/** One escalation a cap and window, however many runs meet it. */
export async function callForCaps(
  { store, now }: Pick<CapDeps, 'store' | 'now'>,
  repo: CappedRepo | null,
  reached: readonly CapStanding[],
): Promise<void> {
  for (const standing of reached) {
    const { text, remedy } = holdInWords(
      standing,
      standing.cap.repo === null ? null : (repo?.name ?? standing.cap.repo),
    );
    await store.escalations.raise({
      key: standing.cap.key,
      run: null,
      repo: standing.cap.repo,
      severity: 'high',
      topic: 'cap-reached',
      decision: `wait, or raise it: ${text}, or \`${remedy}\``,
      at: now(),
    });
  }
}
