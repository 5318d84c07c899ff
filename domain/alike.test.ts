import { describe, expect, it } from 'vitest';
import { kindOfFailure, lasting, withFailure, type Failures } from './alike.ts';
import { isBug, isOutage, Outage } from './outage.ts';

const after = (kinds: readonly string[], everyMs: number): number | null => {
  let failures: Failures | null = null;
  let now = 1_000;
  for (const kind of kinds) {
    failures = withFailure(failures, kind, now);
    now += everyMs;
  }
  return failures === null ? null : lasting(failures, now - everyMs);
};

describe('failures of one piece of work', () => {
  it.each<readonly [string, string[], number, number | null]>([
    ['a few that are alike, over a minute', Array<string>(5).fill('a'), 15_000, 5],
    ['alike, but within seconds: a blip may pass', Array<string>(5).fill('a'), 1_000, null],
    ['four that are alike: one more try', Array<string>(4).fill('a'), 60_000, null],
    ['two kinds in turn', ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a'], 15_000, 9],
    ['never alike, but many', Array.from({ length: 20 }, (_, n) => `kind ${n}`), 5_000, 20],
    ['never alike, and few', Array.from({ length: 19 }, (_, n) => `kind ${n}`), 5_000, null],
  ])('%s', (_name, kinds, everyMs, times) => {
    expect(after(kinds, everyMs)).toBe(times);
  });

  it('are alike whatever numbers, ids and paths they name, and not when they say something else', () => {
    const one = new Error('/data/gates/gate-Xa1/tree: git checkout 0123abcd4567 exited with 128 after 31 ms');
    const two = new Error('/data/gates/gate-9Zb/tree: git checkout fedc98765432 exited with 128 after 7 ms');
    expect(kindOfFailure(one)).toBe(kindOfFailure(two));
    expect(kindOfFailure(one)).not.toBe(kindOfFailure(new Error('git ls-tree exited with 128')));
    expect(kindOfFailure(new TypeError('x'))).not.toBe(kindOfFailure(new Error('x')));
  });
});

describe('an outage', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  it('is known by its class or code, also behind what was made of it, and never by its words', () => {
    expect(isOutage(new Outage('gone'))).toBe(true);
    expect(isOutage(new Error('push', { cause: refused }))).toBe(true);
    expect(isOutage(new TypeError('fetch failed', { cause: refused }))).toBe(true);
    expect(isOutage(new Error('connection refused, ECONNREFUSED'))).toBe(false);
    expect(isOutage(Object.assign(new Error('no such file'), { code: 'ENOENT' }))).toBe(false);
  });

  it('is no bug of ours, though it comes as a TypeError', () => {
    expect(isBug(new TypeError('fetch failed', { cause: refused }))).toBe(false);
    expect(isBug(new TypeError('x is undefined'))).toBe(true);
    expect(isBug(new RangeError('Invalid array length'))).toBe(true);
    expect(isBug(new Error('host not found'))).toBe(false);
  });
});
