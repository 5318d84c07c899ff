import { expect, it } from 'vitest';
import { capsAt, capLimit, dayOf, type Cap } from '../../domain/caps.ts';
import type { Store } from '../port.ts';
import { ask, at, CAPS, issueOf } from './cap-reserve.ts';
import { concurrently, type Stores } from './stores.ts';

const SEQUENCES = 12;
const BATCHES = 12;
const AT_ONCE = 12;
const REPOS = ['alpha', 'beta', 'gamma'] as const;
const DAYS = ['2026-11-29', '2026-11-30', '2026-12-01'].map(at);
const YEAR_MS = 366 * 86_400_000;

/** What the test knows by itself: the store's sums are checked against these. */
interface Known {
  readonly seed: number;
  /** Added to every time: no sequence counts in another's windows. */
  readonly later: number;
  readonly entries: Entry[];
  readonly raised: Map<string, number>;
  refusals: number;
}

interface Entry {
  readonly key: string;
  readonly repo: string;
  readonly day: number;
  amount: number;
  open: boolean;
}

export function describeInterleavings(stores: Stores): void {
  it('no interleaving of reserves, settlements and raises passes any cap, and every sum is exact (invariant 7)', async () => {
    const pair = await stores.pair();
    let refusals = 0;
    for (let seed = 1; seed <= SEQUENCES; seed += 1) {
      const roll = random(seed);
      const known: Known = { seed, later: seed * YEAR_MS, entries: [], raised: new Map(), refusals: 0 };
      for (let batch = 0; batch < BATCHES; batch += 1) {
        await concurrently(pair, AT_ONCE, (store, index) => act(store, known, `${seed}/${batch}/${index}`, roll));
        await compare(pair[0], known, `seed ${seed}, batch ${batch}`);
      }
      refusals += known.refusals;
    }
    // Else the caps were never near.
    expect(refusals).toBeGreaterThan(SEQUENCES * 10);
  }, 240_000);
}

type Roll = (below: number) => number;

async function act(store: Store, known: Known, name: string, roll: Roll): Promise<void> {
  const repo = pick(REPOS, roll);
  const when = pick(DAYS, roll) + known.later;
  const microUsd = 1 + roll(25);
  const choice = roll(10);
  const open = known.entries.filter((one) => one.open);
  if (choice === 0) {
    const cap = pick(capsAt(CAPS, repo, when), roll);
    known.raised.set(cap.key, (known.raised.get(cap.key) ?? 0) + 2);
    const by = { name: 'ada', kind: 'token', scopes: [] } as const;
    await store.ledger.raiseCap(cap, { id: name, microUsd: 2, by, note: 'more', at: when });
  } else if (choice < 4 && open.length > 0) {
    const entry = pick(open, roll);
    entry.open = false;
    entry.amount = roll(entry.amount + 1);
    await store.ledger.settle(entry.key, entry.amount, when);
  } else {
    const caps = capsAt(CAPS, repo, when);
    const answer = await store.ledger.reserve(
      ask(name, { repo, budget: issueOf(repo, roll(4)), microUsd, at: when, caps }),
    );
    if (answer.ok) known.entries.push({ key: name, repo, day: dayOf(when), amount: microUsd, open: true });
    else known.refusals += 1;
  }
}

async function compare(store: Store, { later, entries, raised }: Known, place: string): Promise<void> {
  for (const standing of await store.ledger.standing(allCaps(later))) {
    const { cap, spent } = standing;
    const here = `${place}, ${cap.key}`;
    const counted = entries.filter(
      (one) => (cap.repo ?? one.repo) === one.repo && one.day >= cap.firstDay && one.day <= cap.lastDay,
    );
    expect(spent, here).toBe(counted.reduce((sum, one) => sum + one.amount, 0));
    expect(capLimit(standing), here).toBe(cap.microUsd + (raised.get(cap.key) ?? 0));
    expect(spent, here).toBeLessThanOrEqual(capLimit(standing));
  }
}

function allCaps(later: number): Cap[] {
  const caps = DAYS.flatMap((day) => REPOS.flatMap((repo) => capsAt(CAPS, repo, day + later)));
  return [...new Map(caps.map((cap) => [cap.key, cap])).values()];
}

function pick<T>(from: readonly T[], roll: Roll): T {
  const one = from[roll(from.length)];
  if (one === undefined) throw new Error('the roll was out of range');
  return one;
}

/** mulberry32: the same seed gives the same questions on every machine. */
function random(seed: number): Roll {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
