/** What the crash runner does to a cycle, done to each other verb once. Further seeds: deaths-of-other-verbs.deep.ts. */
import { describe, it } from 'vitest';
import { happensOnce, VERBS } from './deaths.ts';
import { sideBySide } from './fake-host.ts';
import { turns } from './turns.ts';

const rounds = VERBS.map((verb, index) => [verb, index + 1] as const);

describe('5.1: a verb whose client, script, runner and keepers are killed', sideBySide, () => {
  const inTurn = turns(2);

  it.each(rounds)('%s happens once at most, and its result can be had (seed %i)', (verb, seed) =>
    inTurn(() => happensOnce(verb, seed)),
  );
});
