import { describe, expect, test } from 'vitest';
import { repeatsDue, repeatsOf, type Step } from './repeats.ts';

function step(call: string, { result = 'no', failed = true, place = null as string | null } = {}): Step {
  return { did: [{ call, key: `${call}=${result}`, failed }], place };
}
const turns = (steps: readonly Step[]): number => repeatsOf(steps)?.turns ?? 0;
const times = (count: number, ...steps: readonly Step[]): Step[] => Array.from({ length: count }, () => steps).flat();

describe('domain/repeats', () => {
  test.each<[string, readonly Step[], number]>([
    ['one call, one result', times(5, step('a')), 4],
    ['two in turn', times(3, step('a'), step('b')), 4],
    ['three in turn', times(3, step('a'), step('b'), step('c')), 6],
    ['a result that differs', ['1', '2', '3', '4'].map((result) => step('a', { result })), 0],
    ['a result that differs at last', [...times(5, step('a')), step('a', { result: 'yes' })], 0],
    [
      'the same test with edits in between',
      [step('test'), step('edit 1'), step('test'), step('edit 2'), step('test')],
      1,
    ],
    ['a folder that changes each time', ['1', '2', '3', '4', '5'].map((place) => step('a', { place })), 1],
    ['a folder that stays', times(5, step('a', { place: '1' })), 4],
    ['a folder that goes to and fro', times(4, step('a', { place: '1' }), step('b', { place: '2' })), 5],
    ['nothing done', times(4, { did: [], place: null }), 0],
  ])('%s', (_, steps, expected) => {
    expect(turns(steps)).toBe(expected);
  });

  test('names the call that was made most often, and how often', () => {
    expect(repeatsOf([step('ls', { failed: false }), ...times(4, step('make'))])).toEqual({
      turns: 3,
      call: 'make',
      times: 4,
      failed: true,
    });
  });

  test('what fails alike is warned of early and ends soon, what succeeds has longer', () => {
    const due = (count: number, failed: boolean) => repeatsDue({ turns: count, call: 'a', times: count + 1, failed });
    expect([1, 2, 3, 7, 8].map((count) => due(count, true))).toEqual([
      'nothing',
      'warning',
      'nothing',
      'nothing',
      'end',
    ]);
    expect([7, 8, 9, 29, 30].map((count) => due(count, false))).toEqual([
      'nothing',
      'warning',
      'nothing',
      'nothing',
      'end',
    ]);
  });
});
