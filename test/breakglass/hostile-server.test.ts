/** Servers that hang, lie or flood, at every step of one exchange: each is bounded, none is believed, none is asked twice to act. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Deadlines } from '../../activities/breakglass/deadlines.ts';
import type { PowerHost } from '../../activities/breakglass/port.ts';
import { opId, until } from '../host/call.ts';
import { has } from '../setup/needs.ts';
import { clientOf } from './client-rig.ts';
import { type Behaviour, type Hostile, startHostile, startSaying, startSilent } from './hostile-server.ts';

const all = (ms: number): Deadlines['commandMs'] => ({
  status: ms,
  forensics: ms,
  reset: ms,
  stop: ms,
  start: ms,
  cycle: ms,
});
/** Long enough for a busy machine where an answer comes, short where none ever does. */
const patient = { reconcile: { everyMs: 20, graceMs: 50, silenceMs: 100, settleMs: 900_000 } };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function hostile(behaviour: Behaviour): Promise<Hostile> {
  const server = await startHostile(behaviour);
  open.push(server);
  return server;
}

const clientFor = (server: Hostile, changed: Partial<Deadlines> = {}): PowerHost =>
  clientOf(server.target, { ...patient, ...changed });

/** No socket is left behind, and the verb was heard once at most. */
async function leftClean(server: Hostile): Promise<void> {
  await until('no connection is left', () => server.open() === 0);
  expect(server.requests.filter((one) => one.startsWith('cycle')).length).toBeLessThanOrEqual(1);
}

describe.skipIf(!has('ssh'))('before anything was sent', () => {
  it('a host that takes the connection and never says a word', async () => {
    const silent = await startSilent();
    open.push(silent);
    const { target } = await hostile({});
    const client = clientOf({ ...target, port: silent.port }, { handshakeMs: 300 });
    const outcome = await client.runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'failed', reason: 'handshake_timeout', touched: false });
    await until('no connection is left', () => silent.open() === 0);
  });

  it.each([
    ['words that are no SSH', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a banner, then noise', `SSH-2.0-x\r\n${'\u00ff\u0000'.repeat(40_000)}`],
    ['a banner without an end', `SSH-2.0-${'x'.repeat(200_000)}`],
    ['nothing, and the connection ends', ''],
  ])('a host that says %s', async (_what, said) => {
    const strange = await startSaying(said);
    open.push(strange);
    const { target } = await hostile({});
    const outcome = await clientOf({ ...target, port: strange.port }, { handshakeMs: 2_000 }).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'failed', touched: false });
    expect(['handshake_failed', 'handshake_timeout', 'host_unreachable']).toContain(outcome.reason);
    await until('no connection is left', () => strange.open() === 0);
  });

  it('a host that proves its key and never answers for the client’s', async () => {
    const server = await hostile({ authentication: 'never-answer' });
    const outcome = await clientFor(server, { handshakeMs: 1_000 }).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ result: 'failed', reason: 'handshake_timeout' });
    await leftClean(server);
  });

  it.each([
    ['session', { session: 'reject' }],
    ['exec', { exec: 'reject' }],
  ] as const)('a host that refuses the %s', async (_what, behaviour) => {
    const server = await hostile(behaviour);
    const outcome = await clientFor(server).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'failed', reason: 'channel_refused', touched: false });
    await leftClean(server);
  });
});

describe.skipIf(!has('ssh'))('when it may have been sent', () => {
  it.each([
    ['a channel that never opens', { session: 'never-answer' }],
    ['a request that is never taken', { exec: 'never-answer' }],
  ] as const)('%s is unknown, after the deadline that the library does not have', async (_what, behaviour) => {
    const server = await hostile(behaviour);
    const outcome = await clientFor(server, { channelMs: 200 }).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'unknown', reason: 'host_silent', touched: null });
    await leftClean(server);
  });

  const answers: Record<string, NonNullable<Behaviour['answer']>> = {
    'a command that hangs': () => undefined,
    'a channel closed without an exit code': (channel) => channel.end(),
    'a document without an exit code': (channel, request) => channel.end(documentFor(request)),
    'an end by signal': (channel, request) => {
      channel.write(documentFor(request));
      channel.exit('TERM', false, 'killed');
      channel.end();
    },
    'a connection torn in the middle of the answer': (channel, request, connection) => {
      channel.write(documentFor(request).slice(0, 50));
      setTimeout(() => connection.end(), 20);
    },
    garbage: (channel) => answered(channel, '\u001b[2J{"schema": not json', 0),
    'a document of somebody else’s op': (channel) => answered(channel, documentFor(`cycle op=${opId()}`), 0),
    'an exit code that contradicts the document': (channel, request) => answered(channel, documentFor(request), 4),
    'an answer without an end': (channel) => flood(channel),
  };
  it.each(Object.entries(answers))('%s is unknown, and looked up, not repeated', async (_what, answer) => {
    const server = await hostile({ answer });
    const outcome = await clientFor(server, { commandMs: all(400) }).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'unknown', touched: null });
    expect(server.requests.length).toBeGreaterThan(1);
    expect(server.requests.slice(1).every((one) => one.startsWith('status op='))).toBe(true);
    await leftClean(server);
  });

  it('words without an end beside an answer that never comes are given up long before its deadline', async () => {
    const server = await hostile({ answer: (channel) => flood(channel.stderr) });
    const outcome = await clientFor(server, { commandMs: all(600_000) }).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'client', result: 'unknown', touched: null });
    expect(server.requests[1]).toMatch(/^status op=/);
    await leftClean(server);
  });

  it('a look-up that gets through after the lie is what counts', async () => {
    const server = await hostile({
      answer: (channel, request, _connection, count) =>
        count === 1 ? channel.end() : answered(channel, recordFor(request), 0),
    });
    const outcome = await clientFor(server).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'host', reconciled: true, result: 'ok', reason: 'cycled' });
    await leftClean(server);
  });

  it('a status that hangs or lies is no answer, and says that it may be asked again', async () => {
    const server = await hostile({ answer: (channel) => channel.end() });
    const answer = await clientFor(server).status();
    expect(answer).toMatchObject({
      ok: false,
      reason: 'no_exit_code',
      hint: expect.stringContaining('ask again') as string,
    });
    expect(server.requests).toEqual(['status']);
    await leftClean(server);
  });

  it('a reader whose answer is lost is unknown and not looked up: it changes nothing', async () => {
    const server = await hostile({ answer: (channel) => channel.end() });
    const outcome = await clientFor(server).runVerb('forensics', opId());
    expect(outcome).toMatchObject({ result: 'unknown', reason: 'no_exit_code' });
    expect(server.requests).toHaveLength(1);
  });
});

describe.skipIf(!has('ssh'))('an answer that is whole', () => {
  it('counts although the channel never closes: something on the host holds it open', async () => {
    const server = await hostile({
      answer: (channel, request) => {
        channel.write(documentFor(request));
        channel.exit(0);
      },
    });
    const outcome = await clientFor(server, { closingMs: 100 }).runVerb('cycle', opId());
    expect(outcome).toMatchObject({ told: 'host', reconciled: false, result: 'ok' });
    await leftClean(server);
  });

  it('is told in plain, bounded lines, whatever the host writes beside it', async () => {
    const server = await hostile({
      answer: (channel, request) => {
        channel.stderr.write('breakglass: \u001b[31mstop\u001b]0;owned\u0007: ok\u009b2J \u202e\n');
        channel.stderr.write(`${'x'.repeat(2_000_000)}\n`);
        for (let line = 0; line < 2_000; line += 1) channel.stderr.write('again\n');
        answered(channel, documentFor(request), 0);
      },
    });
    const lines: string[] = [];
    const outcome = await clientFor(server).runVerb('cycle', opId(), { onLine: (line) => lines.push(line) });
    expect(outcome).toMatchObject({ told: 'host', result: 'ok' });
    expect(lines[0]).toBe('breakglass: stop: ok');
    expect(lines.length).toBeLessThanOrEqual(501);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(500);
  });

  it('many at once are each their own connection, and none is left', async () => {
    const server = await hostile({ answer: (channel, request) => answered(channel, documentFor(request), 0) });
    const client = clientFor(server);
    const ops = Array.from({ length: 20 }, opId);
    const outcomes = await Promise.all(ops.map((op) => client.runVerb('start', op)));
    expect(outcomes.map((one) => one.record?.op)).toEqual(ops);
    await until('no connection is left', () => server.open() === 0);
  });
});

function documentFor(request: string, changed: object = {}): string {
  const [verb = '', op] = request.split(' op=');
  const document = {
    schema: 'breakglass-result/1',
    vmid: 102,
    verb,
    op: op ?? null,
    identity: 'human',
    state: 'done',
    result: 'ok',
    reason: 'cycled',
    hint: null,
    touched: true,
  };
  return JSON.stringify({ ...document, ...changed });
}

/** What a status says of an op that was a cycle and ended well. */
function recordFor(request: string): string {
  const op = request.split(' op=')[1] ?? '';
  const record = JSON.parse(documentFor(`cycle op=${op}`)) as object;
  return documentFor(request, { reason: null, touched: false, record });
}

interface Answering {
  write(text: string): unknown;
  exit(code: number): unknown;
  end(): unknown;
}

function answered(channel: Answering, text: string, code: number): void {
  channel.write(text);
  channel.exit(code);
  channel.end();
}

function flood(channel: {
  write(text: string): boolean;
  once(event: 'drain', next: () => void): unknown;
  destroyed: boolean;
}): void {
  const more = (): void => {
    if (channel.destroyed) return;
    if (channel.write('x'.repeat(65_536))) setImmediate(more);
    else channel.once('drain', more);
  };
  more();
}
