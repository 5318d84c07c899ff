/** The one suite that every adapter of the store passes. */
import { describeActs } from './acts.ts';
import { describeEffects, describeLedger } from './bounds.ts';
import { describeCapacity } from './capacity.ts';
import { describeCheckouts } from './checkouts.ts';
import { describeCaps } from './caps.ts';
import { describeKills, describeLife } from './life.ts';
import { describeEvents, describeEvidence, describePeople, describeSessions } from './record.ts';
import { describeQueue, describeTransitions, describeUniqueRuns } from './runs.ts';
import { describeTokens } from './tokens.ts';
import { describeTrials } from './trials.ts';
import { describeTurns } from './turns.ts';
import { describeFacts } from './facts.ts';
import { describeJanitor } from './janitor.ts';
import { describeUnits } from './units.ts';
import { type StoreHome, type Stores, useStores } from './stores.ts';

/** Registers the suite's tests; each begins with an empty home. */
export function describeStore(makeHome: () => Promise<StoreHome>): Stores {
  const stores = useStores(makeHome);
  describeUniqueRuns(stores);
  describeTransitions(stores);
  describeQueue(stores);
  describeTrials(stores);
  describeTokens(stores);
  describeEvents(stores);
  describeSessions(stores);
  describeTurns(stores);
  describeFacts(stores);
  describeJanitor(stores);
  describeEvidence(stores);
  describePeople(stores);
  describeActs(stores);
  describeLedger(stores);
  describeCaps(stores);
  describeUnits(stores);
  describeCapacity(stores);
  describeCheckouts(stores);
  describeEffects(stores);
  describeLife(stores);
  describeKills(stores);
  return stores;
}
