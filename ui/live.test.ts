/** Open pages in a real browser: they stay true by what the stream brings, and ask for nothing more. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WatchdogStanding } from '../activities/watchdog/watchdog.ts';
import { FRESH, type RunState } from '../domain/stage.ts';
import { acting, FROZEN, seedRun, startApiServer, type ApiServer } from '../test/setup/api-server.ts';
import { startBrowser, type Browser, type Page } from '../test/setup/browser.ts';
import { has } from '../test/setup/needs.ts';

const WELL: WatchdogStanding = { lookedAt: 1, failure: null, findings: [], ping: null };
const SHA = 'b'.repeat(40);
const verify = (head: string): RunState => ({ stage: 'verify', head, redBase: null, progress: FRESH.progress });
const ended: RunState = { stage: 'ended', outcome: 'abandoned', reason: 'over', progress: FRESH.progress };

describe.skipIf(!has('chromium'))('an open page', { timeout: 60_000 }, () => {
  let watched = WELL;
  let api: ApiServer;
  let browser: Browser;
  let run = '';
  let runs = 0;
  let seq = 0;
  beforeAll(async () => {
    api = await startApiServer({ watchdog: () => watched });
    browser = await startBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await api.close();
  });
  beforeEach(async () => {
    if (run !== '') await move(ended);
    run = `run-${(runs += 1)}`;
    seq = 0;
    await seedRun(api.store, run);
    await api.store.sessions.open({ id: `${run}/1`, unit: `run/${run}`, system: '', at: 1 });
  });

  const move = (state: RunState): Promise<unknown> =>
    api.store.runs.transition(run, { seq: (seq += 1), state, effects: [], cause: 'test', at: Date.now() });

  const say = (turn: number, text: string): Promise<unknown> =>
    api.store.sessions.commitTurn({
      session: `${run}/1`,
      turn,
      content: [{ type: 'text', text }],
      stopReason: 'end_turn',
      model: 'm',
      usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
      microUsd: 1,
      at: Date.now(),
    });

  const pages: Page[] = [];
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });

  const look = async (path: string, width?: number): Promise<Page> => {
    const page = await browser.open(`${api.url}${path}`, width);
    pages.push(page);
    return page;
  };

  /** One that listens. */
  const open = async (path: string): Promise<Page> => {
    const page = await look(path);
    await expect.poll(() => page.evaluate('document.getElementById("live").textContent')).toBe('live');
    return page;
  };

  const shows = (page: Page, text: string): Promise<void> =>
    expect.poll(() => page.evaluate('document.getElementById("page").innerText'), { timeout: 10_000 }).toContain(text);

  const lacks = (page: Page, text: string): Promise<void> =>
    expect
      .poll(() => page.evaluate('document.getElementById("page").innerText'), { timeout: 10_000 })
      .not.toContain(text);

  const stands = (page: Page, stage: string): Promise<void> =>
    expect
      .poll(() => page.evaluate('document.querySelector(".headline .badge, .run-badge .badge").innerText'), {
        timeout: 10_000,
      })
      .toBe(stage);

  /** What is in the page but for times, which go on. */
  const body = (page: Page): Promise<unknown> =>
    page.evaluate(
      '(() => { const copy = document.getElementById("page").cloneNode(true); for (const one of copy.querySelectorAll("time, .spent")) one.textContent = ""; return copy.innerText.replace(/\\s+/g, " ").trim(); })()',
    );

  it.each([
    ['/', 'a list of runs'],
    ['/runs/:id', 'a run'],
  ])('%s asks once for the whole as data, and then for nothing, however much happens to %s', async (path) => {
    const page = await open(path.replace(':id', run));
    const asked = page.traffic().requests.filter((one) => one.startsWith('/api/'));
    expect(asked).toHaveLength(1);
    await move({ stage: 'implement', progress: FRESH.progress, brief: { kind: 'implement' } });
    await stands(page, 'implement');
    page.traffic();
    await move(verify(SHA));
    await stands(page, 'verify');
    await move({ ...FROZEN });
    await stands(page, 'frozen');
    expect(page.traffic().requests).toEqual([]);
    const fresh = await open(path.replace(':id', run));
    expect(await body(page)).toBe(await body(fresh));
    expect(page.complaints).toEqual([]);
  });

  it('of a run shows turns, words as they are spoken, evidence and acts as they come, and keeps open what was opened', async () => {
    const page = await open(`/runs/${run}`);
    const words = { session: `${run}/1`, turn: 1, attempt: 1, offset: 0, text: 'I begin to' };
    await api.store.events.append({ at: 1, subject: `run/${run}`, kind: 'text.delta', data: words });
    await shows(page, 'I begin to');
    await say(1, 'I begin to look <b>here</b>');
    await shows(page, 'I begin to look <b>here</b>');
    await page.evaluate('document.querySelector("details[data-key=steps]").open = true');
    await fetch(`${api.url}/api/runs/${run}/acts`, acting({ kind: 'steer', note: 'use the helper' }));
    await shows(page, 'use the helper');
    await say(2, 'the second turn');
    await shows(page, 'the second turn');
    expect(await page.evaluate('document.querySelector("details[data-key=steps]").open')).toBe(true);
    expect(await page.evaluate('document.querySelectorAll(".turn").length')).toBe(2);
  });

  it('goes on where it was when the server comes back, and misses nothing', async () => {
    const page = await open(`/runs/${run}`);
    await move({ stage: 'implement', progress: FRESH.progress, brief: { kind: 'implement' } });
    await stands(page, 'implement');
    await say(1, 'before');
    await shows(page, 'before');
    const second = await api.openSecondStore();
    const restarted = api.restart();
    await second.runs.transition(run, { seq: (seq += 1), state: verify(SHA), effects: [], cause: 'test', at: 1 });
    await restarted;
    await second.close();
    await say(2, 'after');
    await shows(page, 'after');
    const fresh = await open(`/runs/${run}`);
    expect(await body(page)).toBe(await body(fresh));
  });

  it('of a run shows that the kill switch is on, and lets that go when it is off', async () => {
    const turn = (on: boolean): Promise<unknown> =>
      fetch(`${api.url}/api/kill-switch`, acting({ on, note: 'a test' }, {}, 'PUT'));
    await turn(true);
    const page = await open(`/runs/${run}`);
    await shows(page, 'Kill switch is on');
    await turn(false);
    await lacks(page, 'Kill switch is on');
    await turn(true);
    await shows(page, 'Kill switch is on');
    expect(page.complaints).toEqual([]);
  });

  it('of the runs shows a part that is down, and lets that go when it is back', async () => {
    const page = await open('/');
    watched = { ...WELL, failure: 'the disk does not answer' };
    await shows(page, 'the disk does not answer');
    watched = WELL;
    await lacks(page, 'the disk does not answer');
    const fresh = await open('/');
    expect(await body(page)).toBe(await body(fresh));
  });

  it.each([390, 1280])('needs no scrolling sideways at %i px, as sent and as drawn anew', async (width) => {
    for (const path of ['/', `/runs/${run}`, '/issues', '/caps']) {
      const page = await look(path, width);
      const tooWide = 'document.documentElement.scrollWidth > innerWidth';
      expect([path, await page.evaluate(tooWide)]).toEqual([path, false]);
      if (path === '/issues' || path === '/caps') continue;
      await move(verify(SHA.replaceAll('b', String(seq % 10))));
      await stands(page, 'verify');
      expect([path, await page.evaluate(tooWide)]).toEqual([path, false]);
    }
  });
});
