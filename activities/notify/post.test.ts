/** From the rows of calls to people, over a real store, through a channel that may be dead, slow, or say what it heard. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { EscalationRow, Store } from '../../store/port.ts';
import { noCrash } from '../effects/crash-point.ts';
import { createPerformEffect } from '../effects/perform.ts';
import { createRedaction } from '../evidence/redact.ts';
import type { Notifier } from './port.ts';
import { createPost, type Post } from './post.ts';
import { redactingNotifier } from './redacting-notifier.ts';
import { runSubject } from '../../domain/unit.ts';

const RUN = 'run-1';
const CALL = { run: RUN, repo: null, severity: 'high', topic: 'needs-human', decision: 'look', at: 1 } as const;

let dir: string;
let store: Store;
let clock: number;
let said: string[];
/** What reached people. */
let heard: { readonly key: string; readonly decision: string; readonly link: string | null }[];
let channel: Notifier['deliver'];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'post-'));
  store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  clock = 1_000;
  said = [];
  heard = [];
  channel = listening;
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

const listening: Notifier['deliver'] = async ({ key, decision }, link) => void heard.push({ key, decision, link });
const dead: Notifier['deliver'] = () => Promise.reject(new Error('the pager is down'));
const silent: Notifier['deliver'] = () => new Promise(() => undefined);

function open(secret = 'unused-secret'): Post {
  const redaction = createRedaction([{ name: 'TOKEN', value: secret }]);
  return createPost({
    store,
    perform: createPerformEffect({ log: store.effects, crash: noCrash, now: () => clock }),
    notifier: redactingNotifier({ deliver: (row, link) => channel(row, link) }, redaction),
    publicUrl: 'http://lamplighter.test',
    now: () => clock,
    say: (line) => said.push(line),
    patienceMs: 50,
  });
}

const raise = (key: string, over: Partial<EscalationRow> = {}): Promise<unknown> =>
  store.escalations.raise({ ...CALL, key, ...over });
const undelivered = async (): Promise<string[]> =>
  (await store.escalations.list({ undelivered: true })).map((row) => row.key);

describe('the post', () => {
  it('brings each call to people once, whoever raised it, with the link of its run', async () => {
    await raise('escalation/run-1/1/0');
    await raise('watchdog/disk/1', { run: null });
    const post = open();
    await post.pass();
    await post.pass();

    expect(heard).toEqual([
      { key: 'escalation/run-1/1/0', decision: 'look', link: 'http://lamplighter.test/runs/run-1' },
      { key: 'watchdog/disk/1', decision: 'look', link: 'http://lamplighter.test/' },
    ]);
    expect(await undelivered()).toEqual([]);
  });

  it('goes on trying while the channel is dead, less and less often, and delivers once when it is back', async () => {
    await raise('a');
    await raise('b');
    channel = dead;
    const post = open();
    for (let second = 0; second < 60; second += 1) {
      await post.pass();
      clock += 1_000;
    }
    const tries = said.filter((line) => line.includes('escalation b could not be delivered'));
    expect(tries.length).toBeGreaterThan(3);
    expect(tries.length).toBeLessThan(10);
    expect(tries[0]).toContain('the pager is down');

    channel = listening;
    clock += 60_000;
    await post.pass();
    await post.pass();
    expect(heard.map((one) => one.key)).toEqual(['a', 'b']);
    expect(await undelivered()).toEqual([]);
    // Its outcome was not known, and at-least-once effects say when they are a repeat.
    expect(await store.effects.list(runSubject(RUN))).toMatchObject([
      { name: 'notify', done: true, repeated: true },
      { name: 'notify', done: true, repeated: true },
    ]);
  });

  it('is not kept from a new call by a channel that never answers', async () => {
    await raise('slow');
    channel = (row, link) => (row.key === 'slow' ? silent : listening)(row, link);
    const post = open();
    const hanging = post.pass();
    await raise('next');
    await post.pass();
    expect(heard.map((one) => one.key)).toEqual(['next']);

    await hanging;
    expect(said).toEqual([
      'escalation slow could not be delivered, and is tried again: the channel has not answered after 0.05 s',
    ]);
    channel = listening;
    clock += 1_000;
    await post.pass();
    expect(heard.map((one) => one.key)).toEqual(['next', 'slow']);
  });

  it('delivers again, and marks it so, where the one before it died in the middle (invariant 5)', async () => {
    await raise('escalation/run-1/1/0');
    const effect = {
      key: 'notify/run-1/1/0',
      name: 'notify',
      class: 'at-least-once',
      unit: runSubject(RUN),
      at: 1,
    } as const;
    await store.effects.begin(effect);
    await open().pass();

    expect(heard).toHaveLength(1);
    expect(await store.effects.list(runSubject(RUN))).toMatchObject([{ done: true, repeated: true }]);
  });

  it('marks what was delivered and not marked so, and does not say it twice', async () => {
    await raise('escalation/run-1/1/0');
    const effect = {
      key: 'notify/run-1/1/0',
      name: 'notify',
      class: 'at-least-once',
      unit: runSubject(RUN),
      at: 1,
    } as const;
    await store.effects.begin(effect);
    await store.effects.done(effect.key, 'done', false, 2);
    await open().pass();

    expect([heard, await undelivered()]).toEqual([[], []]);
  });

  it('says no secret to a channel, in whatever word of a call it stands', async () => {
    await raise('a', { decision: 'the log of the tests says s3cret-t0ken-1' });
    await open('s3cret-t0ken-1').pass();

    expect(heard).toMatchObject([{ decision: 'the log of the tests says [TOKEN]' }]);
  });
});
