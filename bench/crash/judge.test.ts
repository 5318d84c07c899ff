import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../store/port.ts';
import { judge } from './judge.ts';

const WORLD = { 'update of main: push': 1, closed: 1 };
const TOLD = {
  run: { outcome: 'shipped', state: { stage: 'ended' } } as unknown as RunRow,
  world: WORLD,
  deaths: [{ point: 'push.after', turnsLost: 1 }],
  recoveryMs: [],
  gaveUp: null,
  lastWords: null,
  faults: ['cancel in verify'],
  actsLost: [],
  undone: [],
};
const TALE = { name: 'shipped, cancel in verify', kind: 'lostPokes', outcomes: ['cancelled'] } as const;
const PLAIN = { name: 'shipped', kind: 'inProcess', outcomes: ['shipped'] } as const;

describe('the judge of a tale', () => {
  it('finds nothing where it came to an outcome of its own and left what an undisturbed one leaves', () => {
    expect(judge({ how: 'in-process', tale: PLAIN, seed: 7 }, TOLD, WORLD)).toMatchObject({
      runs: 1,
      deaths: 1,
      duplicates: [],
      unresolved: [],
      actsLost: [],
      undone: [],
      turnsLostMax: 1,
      faults: { 'cancel in verify': 1 },
    });
  });

  it('names each act that was lost and each deed that was undone, with the seed that repeats it', () => {
    const told = { ...TOLD, actsLost: ['pushed after cancel in verify'], undone: ['abc is on main again'] };
    expect(judge({ how: 'in-process', tale: TALE, seed: 7 }, told, WORLD)).toMatchObject({
      actsLost: ['in-process shipped, cancel in verify, run seed 7: pushed after cancel in verify'],
      undone: ['in-process shipped, cancel in verify, run seed 7: abc is on main again'],
    });
  });

  it('calls an outcome that the tale does not have unresolved, with what was said last', () => {
    const told = { ...TOLD, lastWords: 'last event turn.committed' };
    expect(judge({ how: 'in-process', tale: TALE, seed: 7 }, told, WORLD).unresolved).toEqual([
      'in-process shipped, cancel in verify, run seed 7: stands at {"stage":"ended"}, last event turn.committed',
    ]);
  });

  it('says so where it was its own patience that ran out', () => {
    const told = { ...TOLD, run: null, gaveUp: 'nothing moved in 9 looks (2 s)' };
    expect(judge({ how: 'SIGKILL', tale: PLAIN, seed: 7 }, told, WORLD).unresolved[0]).toContain(
      "run seed 7: the judge's patience ran out (nothing moved in 9 looks (2 s)): stands at",
    );
  });

  it('expects of what people change only that nothing is there twice', () => {
    const told = { ...TOLD, run: { outcome: 'cancelled' } as RunRow, world: { 'commit: Add': 2 } };
    expect(judge({ how: 'in-process', tale: TALE, seed: 7 }, told, WORLD)).toMatchObject({
      duplicates: ['in-process shipped, cancel in verify, run seed 7: doubled commit: Add × 2'],
      unresolved: [],
    });
  });
});
