import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { added, documentOf, keepTally, NOTHING, percentiles, readTally, type Share, type Tally } from './tally.ts';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'tally-')), 'pipeline.json');
});
afterEach(() => rmSync(join(file, '..'), { recursive: true }));

const SHARE: Share = {
  ...NOTHING,
  runs: 1,
  deaths: 3,
  turnsLostMax: 1,
  recoveryMs: [30, 10, 20],
  points: { 'push.after': 2, 'at any moment': 1 },
};
const TALLY: Tally = { area: 'pipeline', commit: 'abc', seconds: 60, shares: { inProcess: SHARE, sigkill: SHARE } };

describe('the tally of the crash runner', () => {
  it('adds up for one commit', () => {
    keepTally(file, TALLY);
    const kept = readTally(file, 'pipeline', 'abc');

    expect(kept).toEqual(TALLY);
    const more = { turnsLostMax: 0, duplicates: ['x'], points: { 'push.after': 1 }, faults: { 'cancel in verify': 1 } };
    expect(added(SHARE, { ...SHARE, ...more })).toEqual({
      ...NOTHING,
      faults: { 'cancel in verify': 1 },
      runs: 2,
      deaths: 6,
      duplicates: ['x'],
      unresolved: [],
      turnsLostMax: 1,
      recoveryMs: [30, 10, 20, 30, 10, 20],
      points: { 'push.after': 3, 'at any moment': 1 },
    });
  });

  it.each([
    ['another commit', 'pipeline', 'def'],
    ['another area', 'host', 'abc'],
  ])('starts anew for %s', (_what, area, commit) => {
    keepTally(file, TALLY);
    expect(readTally(file, area, commit)).toBe(null);
  });

  it('starts anew where the work tree holds changes, which are never the same twice', () => {
    keepTally(file, { ...TALLY, commit: 'abc+changes' });
    expect(readTally(file, 'pipeline', 'abc+changes')).toBe(null);
  });

  it('starts anew where there is none', () => {
    expect(readTally(file, 'pipeline', 'abc')).toBe(null);
  });

  it('counts SIGKILLs among the deaths, and shows the kinds apart', () => {
    const sigkill = { ...SHARE, deaths: 2, unresolved: ['run seed 7: stands at verify'], recoveryMs: [70] };
    const lostPokes = { ...NOTHING, actsLost: ['run seed 8: never taken'], faults: { 'cancel in verify': 1 } };
    const rewoundMains = { ...NOTHING, undone: ['run seed 9: is on main again'] };
    const tally = { ...TALLY, shares: { inProcess: SHARE, sigkill, lostPokes, rewoundMains } };

    const area = {
      sigkillsOf: (kind: string, { deaths }: Share) => (kind === 'sigkill' ? deaths : 0),
      missed: (shares: Tally['shares']) => (shares['inProcess'] === undefined ? [] : ['push.before']),
    };

    expect(documentOf(tally, { seed: 5, load: 3 }, area)).toMatchObject({
      seed: 5,
      load: 3,
      deaths: 5,
      sigkills: 2,
      duplicates: 0,
      unresolved: 1,
      actsLost: 1,
      undone: 1,
      turnsLostMax: 1,
      minutes: 1,
      recoveryMs: { p50: 70, p95: 70 },
      kinds: {
        inProcess: { deaths: 3, sigkills: 0 },
        sigkill: { deaths: 2, sigkills: 2 },
        lostPokes: { faults: { 'cancel in verify': 1 } },
      },
      missed: ['push.before'],
      findings: ['run seed 7: stands at verify', 'run seed 8: never taken', 'run seed 9: is on main again'],
    });
  });

  it('takes percentiles of what was seen, and says null of nothing', () => {
    expect(percentiles(Array.from({ length: 100 }, (_none, index) => 100 - index))).toEqual({ p50: 50, p95: 95 });
    expect(percentiles([7])).toEqual({ p50: 7, p95: 7 });
    expect(percentiles(NOTHING.recoveryMs)).toEqual({ p50: null, p95: null });
  });
});
