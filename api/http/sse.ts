/**
 * Server-sent events over the event table: a snapshot, then the tail; or, with `Last-Event-ID`, the tail from there. A reader's
 * place is a row's `seq`, which the store gives out in the order of commit, so a reconnect or a restart of this process repeats and misses nothing.
 */
import { once } from 'node:events';
import type { Request, Response } from 'express';
import type { EventRow, Events } from '../../store/port.ts';
import { ApiError } from './errors.ts';
import { event } from '../views/event.ts';
import type { EventTail, Standing } from './tail.ts';

export interface EventStream {
  readonly events: Events;
  readonly tail: EventTail;
  /** Absent: all subjects. */
  readonly subject?: string;
  /** What a new reader sees first. Taken after its place in the table, so it may be newer than that, never older. */
  readonly snapshot: () => Promise<unknown>;
  /** What is sent of each row of a page, null: nothing. Absent: the row as events are shown. */
  readonly frames?: (page: readonly EventRow[]) => Promise<readonly (object | null)[]>;
  /** What its reader is told beside events; absent: nothing. */
  readonly beside?: Beside;
  readonly keepaliveMs: number;
  /** Whether the reader may still read, asked whenever there is something to tell; and until when at most. Absent: as long as it likes. */
  readonly hold?: { readonly stands: () => Promise<boolean>; readonly msLeft: number | null };
}

/** What the reader's page shows and no event tells. */
export interface Beside {
  readonly of: keyof Standing;
  /** How it stood for the reader at first; empty: not known, so that the next look is told. */
  readonly seen: string;
  /** As it is now, and what is sent of it to a reader in this place. */
  readonly read: (place: number) => Promise<{ readonly seen: string; readonly frame: object }>;
}

const PAGE = 200;

/** Runs until the client goes away. A store that fails ends the stream; the client comes back with its place. */
export async function streamEvents(req: Request, res: Response, stream: EventStream): Promise<void> {
  const asked = placeOf(req);
  const last = await stream.events.last();
  // A place beyond the end is of another store (restored from a backup): start afresh.
  const resumed = asked !== null && asked <= last ? asked : null;
  const snapshot = resumed === null ? await stream.snapshot() : undefined;

  const gone = new AbortController();
  res.on('close', () => gone.abort());
  const ended = endAfter(stream.hold?.msLeft ?? null, gone);
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'X-Accel-Buffering': 'no',
    Connection: 'keep-alive',
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const keepalive = setInterval(() => {
    if (!res.writableNeedDrain) res.write(': still here\n\n');
  }, stream.keepaliveMs);
  try {
    await write(res, 'retry: 1000\n\n', gone.signal);
    if (resumed === null) await write(res, frame(last, snapshot, 'snapshot'), gone.signal);
    await follow(res, stream, resumed ?? last, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    clearInterval(keepalive);
    clearTimeout(ended);
  }
  res.end();
}

/** Longer than this a timer can't wait. */
const LONGEST_MS = 2 ** 31 - 1;

function endAfter(ms: number | null, gone: AbortController): NodeJS.Timeout | undefined {
  return ms === null ? undefined : setTimeout(() => gone.abort(), Math.min(LONGEST_MS, Math.max(0, ms)));
}

async function follow(res: Response, stream: EventStream, from: number, signal: AbortSignal): Promise<void> {
  const filter = { limit: PAGE, ...(stream.subject === undefined ? {} : { subject: stream.subject }) };
  let sent = from;
  let searched = from;
  const { beside } = stream;
  let seen = beside?.seen ?? '';
  for (;;) {
    const known = { seq: searched, ...(beside === undefined ? {} : { standing: { of: beside.of, seen } }) };
    const { latest, standing } = await stream.tail.beyond(known, signal);
    if (stream.hold !== undefined && !(await stream.hold.stands())) return;
    let page: EventRow[];
    do {
      page = await stream.events.after(sent, filter);
      const frames = (await stream.frames?.(page)) ?? page.map((row) => event.parse(row));
      for (const [index, row] of page.entries()) {
        const shown = frames[index] ?? null;
        if (shown !== null) await write(res, frame(row.seq, shown), signal);
        // What an event has brought may be newer than the look before it: the next one is told, whatever it sees.
        if (shown !== null && 'change' in shown) seen = '';
        sent = row.seq;
      }
    } while (page.length === PAGE);
    // Rows of other subjects were searched too; those that came meanwhile are met by the next look.
    searched = Math.max(latest, sent);
    if (beside === undefined || standing === null || standing[beside.of] === seen) continue;
    const now = await beside.read(sent);
    await write(res, frame(sent, now.frame), signal);
    seen = now.seen;
  }
}

/** `Last-Event-ID`, which browsers send by themselves, or `?after=` for the first connection of other clients. Null: from a snapshot. */
function placeOf(req: Request): number | null {
  const given = req.headers['last-event-id'] ?? req.query['after'];
  if (given === undefined || given === '') return null;
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return Number(given);
  throw new ApiError(400, {
    code: 'bad-place',
    message: 'Last-Event-ID (or ?after=) is not the number of an event',
    field: 'after',
  });
}

function frame(id: number, data: unknown, kind?: string): string {
  return `id: ${id}\n${kind === undefined ? '' : `event: ${kind}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Waits while the client is slow: what is not sent yet stays in the table, not in our memory. */
async function write(res: Response, text: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw signal.reason;
  if (!res.write(text)) await once(res, 'drain', { signal });
}
