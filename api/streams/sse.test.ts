import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import type { EventView, RunView } from '../views/view.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'run-1');
});
afterAll(() => api.close());

interface Frame {
  readonly id: string;
  readonly kind: string | undefined;
  readonly data: string;
}

/** Reads frames until `enough`, then hangs up. A connection that is cut ends the reading. */
async function read(path: string, lastEventId: string | null, enough: (frame: Frame) => boolean): Promise<Frame[]> {
  const hangUp = new AbortController();
  const frames: Frame[] = [];
  try {
    const answer = await fetch(`${api.url}${path}`, {
      signal: hangUp.signal,
      headers: lastEventId === null ? {} : { 'last-event-id': lastEventId },
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    if (answer.body === null) throw new Error('the stream has no body');
    for await (const event of answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())) {
      const frame = { id: event.id ?? '', kind: event.event, data: event.data };
      frames.push(frame);
      if (enough(frame)) break;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  } finally {
    hangUp.abort();
  }
  return frames;
}

const rowOf = (frame: Frame): EventView => JSON.parse(frame.data) as EventView;
const append = (subject: string, n: number, store = api.store): Promise<number> =>
  store.events.append({ at: 1, subject, kind: 'text.delta', data: { n } });

describe('event streams (contract 11.2)', () => {
  it('begin with a snapshot, then tell what comes after it', async () => {
    const path = '/api/runs/run-1/events';
    const seen = await read(path, null, (frame) => {
      if (frame.kind === 'snapshot') void append('run/run-1', 1);
      return frame.kind !== 'snapshot';
    });
    expect(seen.map((frame) => frame.kind)).toEqual(['snapshot', undefined]);
    expect((JSON.parse(seen[0]?.data ?? '') as RunView).run.id).toBe('run-1');
    expect(rowOf(seen[1] as Frame)).toMatchObject({ subject: 'run/run-1', kind: 'text.delta', data: { n: 1 } });
  });

  it('of a run carry that run only; of all, everything', async () => {
    const from = String(await api.store.events.last());
    await append('run/other', 1);
    await append('run/run-1', 2);
    const [only] = await read('/api/runs/run-1/events', from, () => true);
    expect(rowOf(only as Frame)).toMatchObject({ subject: 'run/run-1', data: { n: 2 } });
    const all = await read('/api/events', from, (frame) => rowOf(frame).subject === 'run/run-1');
    expect(all.map((frame) => rowOf(frame).subject)).toEqual(['run/other', 'run/run-1']);
  });

  it('repeat and miss nothing over reconnects and a restarted api, while another process writes', async () => {
    const total = 1_500;
    const start = await api.store.events.last();
    const writer = await api.openSecondStore();
    const writing = (async () => {
      for (let n = 0; n < total; n += 1) await append(n % 3 === 0 ? 'run/other' : 'run/run-1', n, writer);
    })();
    const wanted = Array.from({ length: total }, (_, n) => n).filter((n) => n % 3 !== 0);
    const got: number[] = [];
    let place = String(start);
    let connections = 0;
    while (got.length < wanted.length) {
      connections += 1;
      let here = 0;
      for (const frame of await read(
        '/api/runs/run-1/events',
        place,
        () => (here += 1) >= 137 || got.length + here >= wanted.length,
      )) {
        place = frame.id;
        got.push((rowOf(frame).data as { n: number }).n);
      }
      if (connections === 3) await api.restart();
    }
    await writing;
    await writer.close();
    expect(got).toEqual(wanted);
    expect(connections).toBeGreaterThanOrEqual(8);
  });

  it('a connection that the server cuts is resumed from its place', async () => {
    let place = String(await api.store.events.last());
    await append('run/run-1', 1);
    const [first] = await read('/api/runs/run-1/events', place, () => {
      void api.restart();
      return false;
    });
    place = first?.id ?? '';
    // The restart ended the stream above, so it is over, or nearly: what listens again answers.
    await expect
      .poll(async () =>
        fetch(`${api.url}/livez`).then(
          (answer) => answer.status,
          () => 0,
        ),
      )
      .toBe(200);
    await append('run/run-1', 2);
    const [second] = await read('/api/runs/run-1/events', place, () => true);
    expect(rowOf(second as Frame).data).toEqual({ n: 2 });
  });

  it('a place beyond the end (a restored store) starts afresh with a snapshot', async () => {
    const [frame] = await read('/api/runs/run-1/events', '999999999', () => true);
    expect(frame?.kind).toBe('snapshot');
  });

  it('asked for by HEAD answer with their head and end', async () => {
    const answer = await fetch(`${api.url}/api/events`, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('a client that leaves is forgotten: nobody looks at the table for it', async () => {
    await read('/api/events', null, () => true);
    const closed = await api.store.events.last();
    // A look on behalf of a gone client would hold the loop open; the next stream must still work alone.
    void append('run/run-1', 3);
    const [frame] = await read('/api/events', String(closed), () => true);
    expect(rowOf(frame as Frame).data).toEqual({ n: 3 });
  });

  it('what a slow client has not read stays in the table: nothing is lost when it reads on', async () => {
    const from = await api.store.events.last();
    // Five pages of the table, each of them 13 MB.
    const rows = 1_000;
    const text = 'x'.repeat(64 * 1024);
    for (let n = 0; n < rows; n += 1)
      await api.store.events.append({ at: 1, subject: 'run/run-1', kind: 'text.delta', data: { n, text } });
    const before = retained();
    const answer = await fetch(`${api.url}/api/runs/run-1/events`, { headers: { 'last-event-id': String(from) } });
    // Not read for as long as another stream needs to go through all of it.
    await readThrough(from + rows, from);
    // What that other stream had in hand goes when the server has seen its end; what was written to the slow one would stay.
    await expect.poll(() => retained() - before, { timeout: 10_000 }).toBeLessThan(32 * 1024 * 1024);
    const seen: number[] = [];
    if (answer.body === null) throw new Error('the stream has no body');
    for await (const event of answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())) {
      seen.push((JSON.parse(event.data) as { data: { n: number } }).data.n);
      if (seen.length === rows) break;
    }
    expect(seen).toEqual(Array.from({ length: rows }, (_, n) => n));
  });
});

/** Reads what comes after `from` until `last`, and keeps nothing of it. */
async function readThrough(last: number, from: number): Promise<void> {
  const hangUp = new AbortController();
  const answer = await fetch(`${api.url}/api/runs/run-1/events`, {
    signal: hangUp.signal,
    headers: { 'last-event-id': String(from) },
  });
  let words = '';
  for await (const chunk of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    words = words.slice(-20) + chunk;
    if (words.includes(`id: ${last}\n`)) break;
  }
  hangUp.abort();
}

/** Bytes that this process still needs: what the kernel has given it says more of the collector's mood. */
function retained(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
