import { describe, expect, it } from 'vitest';
import type { Actor, LabelEvent } from './issue.ts';
import { refusedWaiver, waivedBy, waiversOf, waiversText } from './waivers.ts';

const ada: Actor = { login: 'ada', kind: 'user', permission: 'write' };
const eve: Actor = { login: 'eve', kind: 'user', permission: 'read' };

function event(by: Actor | null, change: Partial<LabelEvent> = {}): LabelEvent {
  return { id: 'e', label: 'no-red-gate', action: 'added', by, at: 5, ...change };
}

const standing = (...labelEvents: LabelEvent[]) => waiversOf({ labels: ['no-red-gate'], labelEvents });

describe('a waiver label', () => {
  it('applied by a trusted collaborator lifts its gate, and says who and when', () => {
    const waivers = standing(event(ada));

    expect(waivers).toEqual({ granted: [{ waiver: 'no-red-gate', by: 'ada', at: 5 }], refused: [] });
    expect(waivedBy(waivers, 'no-red-gate')).toBe('ada');
    expect(waivedBy(waivers, 'tests-may-change')).toBeNull();
    expect(waiversText(waivers)).toBe('no-red-gate by ada');
  });

  it.each<[string, Actor | null, RegExp]>([
    ['a reader', eve, /applied by eve, who is not a trusted/],
    ['a bot with admin rights', { login: 'ci[bot]', kind: 'bot', permission: 'admin' }, /applied by ci\[bot\]/],
    ['an account of unknown rights', { login: 'x', kind: 'user', permission: 'unknown' }, /applied by x/],
    ['nobody the tracker can name', null, /cannot say who applied it/],
  ])('applied by %s lifts nothing, and says why (invariant 9)', (_who, by, why) => {
    const waivers = standing(event(by));

    expect(waivers.granted).toEqual([]);
    expect(waivers.refused).toEqual([{ waiver: 'no-red-gate', why: expect.stringMatching(why) as string }]);
    expect(refusedWaiver(waivers, 'no-red-gate')).toEqual([expect.stringMatching(why) as string]);
    expect(refusedWaiver(waivers, 'tests-may-change')).toEqual([]);
    expect(waiversText(waivers)).toMatch(/^no-red-gate not honoured: /);
  });

  it('counts by its most recent application only', () => {
    expect(standing(event(ada), event(eve)).granted).toEqual([]);
    expect(standing(event(eve), event(ada)).granted).toHaveLength(1);
  });

  it('that was taken away lifts nothing and is no matter for a finding', () => {
    const gone = [event(ada), event(ada, { action: 'removed' })];

    expect(waiversOf({ labels: [], labelEvents: gone })).toEqual({ granted: [], refused: [] });
    expect(waiversOf({ labels: [], labelEvents: [event(ada)] })).toEqual({ granted: [], refused: [] });
  });

  it('that stands there without an application of its own lifts nothing', () => {
    const removed = standing(event(ada), event(ada, { action: 'removed' }));

    expect(removed).toMatchObject({ granted: [], refused: [{ waiver: 'no-red-gate' }] });
    expect(standing(event(ada, { label: 'tests-may-change' })).granted).toEqual([]);
  });
});
