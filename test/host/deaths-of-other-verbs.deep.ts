/** Further seeds of deaths-of-other-verbs.test.ts. */
import { describe, it } from 'vitest';
import { happensOnce, VERBS } from './deaths.ts';
import { sideBySide } from './fake-host.ts';
import { turns } from './turns.ts';

const seeds = Array.from({ length: 20 }, (_none, index) => index + 10);
const rounds = VERBS.flatMap((verb) => seeds.map((seed) => [verb, seed] as const));

describe('5.1: a verb whose client, script, runner and keepers are killed', sideBySide, () => {
  const inTurn = turns(2);

  it.each(rounds)('%s happens once at most, and its result can be had (seed %i)', (verb, seed) =>
    inTurn(() => happensOnce(verb, seed)),
  );
});
