import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../domain/bounds.ts';
import { FRESH, type RunState } from '../domain/stage.ts';
import { REPO, startApiServer, TOKEN, type ApiServer } from '../test/setup/api-server.ts';
import { followPlayground, runDemo, type Play } from './demo-client.ts';
import { runSubject } from '../domain/unit.ts';

const SHIPPED_SHA = 'a'.repeat(40);
const FROZEN_SHA = 'b'.repeat(40);
const MENDED_SHA = 'c'.repeat(40);
const OTHER = 'acme/other';
const pushed = (sha: string) => ({ ...FRESH.progress, pushed: sha, openings: 1 });
const shipped: RunState = { stage: 'ended', progress: pushed(SHIPPED_SHA), outcome: 'shipped', reason: 'live' };
const abandoned: RunState = {
  stage: 'ended',
  progress: pushed(FROZEN_SHA),
  outcome: 'abandoned',
  reason: 'by the demo',
};
const mended: RunState = { ...shipped, progress: { ...pushed(MENDED_SHA), fixes: 1 } };
const frozen: RunState = {
  stage: 'frozen',
  progress: pushed(FROZEN_SHA),
  sha: FROZEN_SHA,
  since: 1,
  reason: 'deploy is red: it ended at start',
  proving: null,
};

let api: ApiServer;
let said: string[];
beforeEach(async () => {
  api = await startApiServer();
  said = [];
});
afterEach(async () => {
  await api.close();
});

function play(): Play {
  return {
    playground: {
      issues: [
        { repo: REPO, number: 1, title: 'One', expected: 'shipped' },
        { repo: REPO, number: 2, title: 'Two', expected: 'frozen' },
        { repo: OTHER, number: 3, title: 'Three', expected: 'mended' },
      ],
    },
    url: api.url,
    token: TOKEN,
    say: (line) => said.push(line),
  };
}

/** What the worker would write: the run with each of the given states. */
async function write(issue: number, states: readonly RunState[]): Promise<string> {
  const id = `run-${issue}`;
  await api.store.runs.create({
    id,
    repo: issue === 3 ? 'other-1' : 'shop-1',
    repoName: issue === 3 ? OTHER : REPO,
    issue,
    title: `Issue ${issue}`,
    release: `release-${issue}`,
    bounds: DEFAULT_BOUNDS,
    at: 1_000,
  });
  for (const [index, state] of states.entries())
    await api.store.runs.transition(id, { seq: index + 1, state, effects: [], cause: 'test', at: 2_000 + index * 500 });
  return id;
}

async function untilArmed(): Promise<void> {
  await expect.poll(async () => (await api.store.control.killSwitch()).on).toBe(false);
}

describe('the demo client', () => {
  it('arms, waits, abandons what froze with one act under its own name, and describes the runs of both repos', async () => {
    const playing = runDemo(play());
    await untilArmed();
    const first = await write(1, [{ stage: 'watch', progress: pushed(SHIPPED_SHA), sha: SHIPPED_SHA }, shipped]);
    await api.store.evidence.put({
      key: 'e',
      unit: runSubject(first),
      kind: 'deploy',
      sha: SHIPPED_SHA,
      verdict: 'green',
      summary: 's',
      mediaType: 'text/plain',
      body: 'b',
      at: 1,
    });
    const second = await write(2, [frozen]);
    await write(3, [mended]);
    await expect.poll(() => api.store.acts.list(second)).toHaveLength(1);
    const [act] = await api.store.acts.list(second);
    expect(act).toMatchObject({ by: { name: 'demo client' }, data: { kind: 'unfreeze', way: 'abandon' } });
    await api.store.runs.transition(second, { seq: 2, state: abandoned, effects: [], cause: 'abandon', at: 9_000 });

    const document = await playing;

    expect(document.runs).toMatchObject([
      {
        repo: REPO,
        issue: 1,
        outcome: 'shipped',
        froze: false,
        fixForwards: 0,
        sha: SHIPPED_SHA,
        turns: 0,
        usd: 0,
        stages: [
          { stage: 'triage', seconds: 1 },
          { stage: 'watch', seconds: 0.5 },
        ],
        evidence: [{ kind: 'deploy', verdict: 'green', sha: SHIPPED_SHA }],
      },
      { issue: 2, outcome: 'abandoned', froze: true, sha: FROZEN_SHA },
      { repo: OTHER, issue: 3, outcome: 'shipped', froze: false, fixForwards: 1, sha: MENDED_SHA },
    ]);
    const ref = document.runs[0]?.evidence[0]?.ref ?? '';
    expect(await (await fetch(new URL(ref, api.url))).text()).toBe('b');
    expect(await api.store.acts.list(second)).toHaveLength(1);
    expect(said.some((line) => line.includes('it ended at start'))).toBe(true);
  });

  it.each<readonly [string, number, readonly RunState[], string]>([
    ['an issue that was to ship froze', 1, [frozen], '#1 froze, and was to ship: deploy is red'],
    ['an issue that was to ship at once was mended', 1, [mended], '#1 was red once deployed, and was to ship at once'],
    [
      'an issue that was to be mended shipped at once',
      3,
      [shipped],
      '#3 shipped at once, and its first deploy was to be red',
    ],
    ['an issue that was to freeze shipped', 2, [shipped], '#2 ended shipped, and was to freeze: live'],
    [
      'a run needs a person',
      1,
      [{ stage: 'ended', progress: FRESH.progress, outcome: 'needs-human', reason: 'no test was red' }],
      '#1 ended needs-human, and was to ship: no test was red',
    ],
  ])('%s: fails with the reason, and acts on nothing', async (_name, issue, states, words) => {
    const run = await write(issue, states);

    await expect(runDemo(play())).rejects.toThrow(words);
    expect(await api.store.acts.list(run)).toEqual([]);
  });

  it('leaves a kill switch alone that a person turned on in a playground already used, and only looks on', async () => {
    await api.store.control.setKillSwitch({ on: true, by: 'ada', note: 'stop', at: 1 });
    const first = await write(1, [shipped]);
    const second = await write(2, [frozen, abandoned]);
    await write(3, [mended]);

    const document = await followPlayground(play());

    expect(document.runs.map(({ outcome }) => outcome)).toEqual(['shipped', 'abandoned', 'shipped']);
    expect((await api.store.control.killSwitch()).on).toBe(true);
    expect(await api.store.acts.list(first)).toEqual([]);
    expect(await api.store.acts.list(second)).toEqual([]);
  });
});
