/** Work on a repo is done by the host that holds its checkout; another one leaves it be, and it waits. */
import { Outage } from '../../domain/outage.ts';
import type { Lease } from './lease.ts';

type Activity = (input: unknown) => Promise<unknown>;

export function onlyWhereHeld<Activities extends object>(
  activities: Activities,
  lease: Pick<Lease, 'host' | 'heldBy'>,
  repo: string,
): Activities {
  const guarded = Object.entries(activities).map(([name, act]: [string, Activity]) => [
    name,
    async (input: unknown) => {
      const other = await lease.heldBy(repo);
      if (other === null) return act(input);
      throw new Outage(
        `host ${other.host} holds the checkout of ${repo}, and this is ${lease.host}: the work waits for ${other.host}. ` +
          'Start Lamplighter there if it is down',
      );
    },
  ]);
  return Object.fromEntries(guarded) as Activities;
}
