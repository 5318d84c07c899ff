import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPytest, toolchainsOf } from '../../activities/gates/rig-toolchains.ts';
import { has } from '../setup/needs.ts';
import { ended, openRig, type Rig } from './rig.ts';
import { DURATIONS, STOCK } from './own-repos.ts';
import { runSubject } from '../../domain/unit.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('a repo of one’s own', { timeout: 180_000 }, () => {
  const live = mkdtempSync(join(tmpdir(), 'lamplighter-live-'));
  let rig: Rig;
  beforeAll(async () => {
    const deployed = (key: string) => ({
      deploy: { command: 'echo "$LAMPLIGHTER_SHA" > "$LIVE"', env: { LIVE: join(live, key) } },
    });
    rig = await openRig({
      more: {
        durations: { ...DURATIONS, ...deployed('durations') },
        ...(hasPytest() ? { stock: { ...STOCK, ...deployed('stock') } } : {}),
      },
      toolchains: toolchainsOf(['node', 'python']),
    });
  });
  afterAll(async () => {
    await rig.close();
    rmSync(live, { recursive: true });
  });

  it.for([
    { key: 'durations', own: DURATIONS, kinds: ['base', 'guard', 'red', 'regression', 'green', 'push', 'deploy'] },
    ...(has('pytest') && hasPytest()
      ? [
          {
            key: 'stock',
            own: STOCK,
            kinds: ['base', 'guard', 'red', 'regression', 'green', 'push', 'build', 'deploy'],
          },
        ]
      : []),
  ])('$key ships: its sha on the remote and live, its issue closed, every gate green', async ({ key, own, kinds }) => {
    const repo = rig.repo(key);
    rig.scenario(own.issue.title, own.scenario);

    const issue = await repo.release(own.issue.title, own.issue.body);
    const run = await repo.run(issue.number, ended, 150_000);

    const evidence = await rig.store.evidence.list(runSubject(run.id));
    const reds = evidence.filter((one) => one.verdict === 'red').map((one) => one.summary);
    expect({ outcome: run.outcome, reds }, JSON.stringify(run.state)).toEqual({ outcome: 'shipped', reds: [] });
    expect(repo.pushes()).toHaveLength(1);
    const sha = repo.git('rev-parse', 'main');
    expect(sha).toBe(run.state.progress.pushed);
    expect(readFileSync(join(live, key), 'utf8')).toBe(`${sha}\n`);
    expect(repo.git('rev-list', '--count', `${run.state.progress.base}..main`)).toBe('2');
    expect((await repo.tracker.read(issue.number))?.state).toBe('closed');

    const green = new Set(evidence.filter((one) => one.verdict === 'green').map((one) => one.kind));
    expect([...green]).toEqual(expect.arrayContaining(kinds));
  });

  it('repos keep apart: each has its own runs, and the one that was not asked has none', async () => {
    const runs = await rig.store.runs.list({});
    expect(runs.map((run) => run.repo).toSorted()).toEqual(hasPytest() ? ['durations', 'stock'] : ['durations']);
    expect(rig.pushes()).toEqual([]);
  });
});
