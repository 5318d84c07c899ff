import { describe, expect, it } from 'vitest';
import type { RunState } from '../stage.ts';
import type { Observation } from './observation.ts';
import { HOUR, NOW, progress, watched, watchFor } from './rig.ts';

const BRIEF = { kind: 'implement' } as const;

describe('a host whose disk has the checkouts of two repos, while another one works', () => {
  const state: RunState = { stage: 'implement', progress: progress(), brief: BRIEF };
  const runs = ['a', 'b', 'c'].map((id) => watched(state, { id, repo: id, repoName: `acme/${id}` }));
  const checkouts = ['a', 'b', 'c'].map((repo) => ({
    repo,
    host: repo === 'c' ? 'two' : 'one',
    since: 1,
    renewed: NOW,
  }));
  const at =
    (stopped: boolean) =>
    (now: number): Partial<Observation> => ({
      runs: runs.map((run) => (run.id === 'c' ? { ...run, progressAt: now } : run)),
      checkouts,
      workers: [
        { name: 'one', at: NOW, stopped },
        { name: 'two', at: now, stopped: false },
      ],
    });

  it.each([
    ['that dies', false],
    ['that is stopped', true],
  ])(
    '%s is called for once, with the lanes that wait for it; its runs are no silence of their own, for days',
    (_how, stopped) => {
      const later = watchFor(30 * HOUR, at(stopped));
      expect(later.findings).toMatchObject([
        {
          key: 'worker/one',
          text: 'worker one was last seen 2026-11-28T12:00:00.000Z',
          why: 'the lanes of acme/a, acme/b wait for host one, whose disk has the checkouts; the others go on',
          remedy: expect.stringContaining('where its disk is lost, cancel those runs') as string,
        },
      ]);
      expect(later.calls).toEqual([]);
    },
  );

  it('hides nothing of the other: a run of the living one that falls silent is called for', () => {
    const seen = (now: number): Partial<Observation> => ({ ...at(false)(now), runs });
    expect(watchFor(2 * HOUR, seen).findings).toMatchObject([{ key: 'worker/one' }, { key: 'silent/c' }]);
  });
});
