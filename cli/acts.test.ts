import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FRESH, type RunState } from '../domain/stage.ts';
import { FROZEN, seedRun, startApiServer, type ApiServer } from '../test/setup/api-server.ts';
import { lamplighter, type Ran } from '../test/setup/lamplighter.ts';
import { runSubject } from '../domain/unit.ts';

const HEAD = '4be1c2d0f19a4be1c2d0f19a4be1c2d0f19a4be1';
const WAITING: RunState = { stage: 'awaiting-approval', progress: FRESH.progress, head: HEAD, since: 1 };

let api: ApiServer;
const here = (...args: string[]): Promise<Ran> => lamplighter([...args, '--data-dir', api.dataDir]);
const acts = (run: string) => api.store.acts.list(run);

beforeAll(async () => {
  api = await startApiServer();
  const ended: RunState = { stage: 'ended', progress: FRESH.progress, outcome: 'cancelled', reason: 'by ada' };
  await seedRun(api.store, 'frozen-1', [FROZEN, ended]);
  await seedRun(api.store, 'waiting-1', [WAITING]);
});
afterAll(() => api.close());

describe('show', () => {
  it('of what waits for approval is its diff and both commands, of that very sha', async () => {
    await api.store.evidence.put({
      key: 'diff/waiting-1',
      unit: runSubject('waiting-1'),
      kind: 'diff',
      sha: HEAD,
      verdict: null,
      summary: '1 file, +1 −0',
      mediaType: 'text/x-diff',
      body: 'diff --git a/x b/x\n+one \u001b[2J\n',
      at: 1,
    });
    const { stdout } = await here('show', 'waiting-1');

    expect(stdout).toMatch(/^\+one$/m);
    expect(stdout).toContain(`lamplighter approve waiting-1 --sha ${HEAD} --note "why"`);
    expect(stdout).toContain('lamplighter reject waiting-1 --note');
    expect(stdout).toMatch(/◉ approval/);
  });
});

describe('approve', () => {
  it('is of the sha that waits, so that what comes later needs another look', async () => {
    expect(await here('approve', 'waiting-1', '--note', 'looks right')).toMatchObject({ code: 0, stderr: '' });
    expect(await acts('waiting-1')).toMatchObject([{ data: { kind: 'approve', sha: HEAD } }]);
  });

  it('of another sha than the one that waits is refused before anything is recorded', async () => {
    const ran = await here('approve', 'waiting-1', '--sha', 'abc', '--note', 'looks right');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`what waits for approval is ${HEAD}, not abc`);
    expect(await acts('waiting-1')).toHaveLength(1);
  });

  it('where nothing waits is refused in the words of the api', async () => {
    const ran = await here('approve', 'frozen-1', '--note', 'looks right');
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended (cancelled)') as string });
  });
});

describe('a run that waits for approval', () => {
  it('says how to approve the very sha, how to reject it, and where its diff is', async () => {
    await api.store.evidence.put({
      key: 'diff/1',
      unit: runSubject('waiting-1'),
      kind: 'diff',
      sha: HEAD,
      verdict: null,
      summary: 'what it changes',
      mediaType: 'text/x-diff',
      body: '+x',
      at: 1,
    });
    const [diff] = await api.store.evidence.list(runSubject('waiting-1'));
    const { stdout } = await here('show', 'waiting-1');
    const page = await (await fetch(`${api.url}/runs/waiting-1`, { headers: { accept: 'text/html' } })).text();
    for (const command of [
      `approve waiting-1 --sha ${HEAD} --note "why"`,
      'reject waiting-1 --note "what to change"',
    ]) {
      expect(stdout).toContain(`lamplighter ${command}`);
      // Its words stand apart, so that it wraps between them.
      expect(page.replace(/<[^>]*>/g, '')).toContain(`lamplighter ${command.replaceAll('"', '&quot;')}`);
    }
    expect(page).toContain(`href="/evidence/${diff?.id}"`);
    expect(stdout).toContain('\n+x\n');
  });
});

describe('grant', () => {
  it('takes amounts in plain figures and says what was granted', async () => {
    const ran = await here('grant', 'waiting-1', '--usd', '2.50', '--turns', '20', '--note', 'worth it');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await acts('waiting-1')).at(-1)).toMatchObject({
      data: { kind: 'grant', grants: { microUsd: 2_500_000, turns: 20 } },
    });
    expect((await here('show', 'waiting-1')).stdout).toContain('grant $2.50, 20 turns');
  });

  it.each([
    [['--usd', 'lots'], 2, 'an amount such as'],
    [['--turns', '-3'], 2, 'a whole number'],
    [[], 1, 'a grant of nothing'],
  ] as const)('%j is refused', async (flags, code, words) => {
    const ran = await here('grant', 'waiting-1', ...flags, '--note', 'worth it');
    expect(ran).toMatchObject({ code, stderr: expect.stringContaining(words) as string });
  });
});

describe('pause, resume, steer, interrupt', () => {
  it('are recorded, or refused with what to do instead', async () => {
    expect((await here('steer', 'waiting-1', '--note', 'mind the dates')).code).toBe(0);
    expect((await here('interrupt', 'waiting-1', '--note', 'stop')).stderr).toContain('steer instead');
    expect((await here('resume', 'waiting-1', '--note', 'go')).stderr).toContain('not paused');
    expect((await here('pause', 'waiting-1', '--note', 'hold')).code).toBe(0);
  });
});

describe('try', () => {
  it('is refused while the kill switch is on, with the command that turns it off', async () => {
    await here('issue', 'add', '--title', 'Round prices');
    const ran = await here('try', '1');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('the kill switch is on, and a trial spends money');
    expect(ran.stderr).toContain('lamplighter kill-switch off');
  });
});
