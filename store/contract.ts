/** The one suite that every adapter of the store passes. */
import { describeActs } from './contract/acts.ts';
import { describeEffects, describeLedger } from './contract/bounds.ts';
import { describeCapacity } from './contract/capacity.ts';
import { describeCaps } from './contract/caps.ts';
import { describeKills, describeLife } from './contract/life.ts';
import { describeEvents, describeEvidence, describePeople, describeSessions } from './contract/record.ts';
import { describeQueue, describeTransitions, describeUniqueRuns } from './contract/runs.ts';
import { describeTokens } from './contract/tokens.ts';
import { describeTrials } from './contract/trials.ts';
import { describeTurns } from './contract/turns.ts';
import { describeFacts } from './contract/facts.ts';
import { describeJanitor } from './contract/janitor.ts';
import { describeUnits } from './contract/units.ts';
import { type StoreHome, type Stores, useStores } from './contract/stores.ts';

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
  describeEffects(stores);
  describeLife(stores);
  describeKills(stores);
  return stores;
}
