import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH } from '../../domain/stage.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { createTextStream } from '../agent/text-stream.ts';
import { createRedaction } from './redact.ts';
import { redactingStore } from './redacting-store.ts';
import { runSubject } from '../../domain/unit.ts';

const SECRET = 'swordfish-of-the-cluster';
const RUN = 'run-1';
const redaction = createRedaction([{ name: 'TOKEN', value: SECRET }]);

let folder: string;
let inner: Store;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redacting-'));
  inner = await openStore({ kind: 'sqlite', file: join(folder, 'store.db') }, join(folder, 'blobs'));
  store = redactingStore(inner, redaction);
  const identity = { repo: 'r', repoName: 'acme/r', issue: 1, title: 't', release: 'l' };
  await store.runs.create({ id: RUN, ...identity, bounds: DEFAULT_BOUNDS, at: 1 });
  await store.sessions.open({ id: 's', unit: runSubject(RUN), system: `system ${SECRET}`, at: 1 });
});
afterEach(async () => {
  await inner.close();
  rmSync(folder, { recursive: true });
});

function bytesOnDisk(): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

const said = `it is ${SECRET}, in base64 ${Buffer.from(`me:${SECRET}`).toString('base64')}`;

it('lets no known secret into a row, an event or a blob, whoever said it', async () => {
  await store.sessions.addInput('s', 'opening/1', said, 2);
  await store.sessions.commitTurn({
    session: 's',
    turn: 1,
    content: [
      { type: 'text', text: said },
      { type: 'tool_use', id: 'a', name: 'bash', input: { command: `echo ${SECRET}` } },
    ],
    stopReason: 'tool_use',
    model: 'm',
    usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
    microUsd: 1,
    at: 3,
  });
  await store.sessions.putResult({ session: 's', turn: 1, toolUseId: 'a', content: said, isError: false, at: 4 });
  const evidence = { unit: runSubject(RUN), sha: null, verdict: null, summary: said, at: 5 } as const;
  await store.evidence.put({ ...evidence, key: '1', kind: 'tool-output', mediaType: 'text/plain', body: said });
  const json = JSON.stringify({ said, n: 1 }, null, 2);
  await store.evidence.put({ ...evidence, key: '2', kind: 'red', mediaType: 'application/json', body: json });
  const bytes = Buffer.from(said);
  await store.evidence.put({ ...evidence, key: '3', kind: 'build', mediaType: 'text/plain', body: bytes });
  const raised = { key: 'e', run: RUN, repo: null, severity: 'low', topic: 'x', decision: said, at: 6 } as const;
  await store.escalations.raise(raised);
  await store.control.setFact('missing/r', { what: 'x', why: said }, 7);
  const by = { name: 'ada', kind: 'person', scopes: [] } as const;
  await store.acts.add({ id: 'a', run: RUN, data: { kind: 'escalate' }, by, note: said, at: 7 });
  await store.effects.begin({ key: 'k', name: 'deploy', class: 'keyed', unit: runSubject(RUN), at: 8 });
  await store.effects.done('k', { log: said }, false, 9);
  const state = { stage: 'ended', progress: FRESH.progress, outcome: 'abandoned', reason: said } as never;
  await store.runs.transition(RUN, { seq: 1, state, effects: [], cause: 'x', at: 10 });

  const disk = bytesOnDisk();
  expect(disk).toContain('[TOKEN]');
  expect(disk).not.toContain(SECRET);
  expect(disk).not.toContain('c3dvcmRmaXNo');
  expect(disk).not.toContain(Buffer.from(`e:${SECRET}`).toString('base64').slice(8, 24));
  const [, second] = await store.evidence.list(runSubject(RUN));
  const body = Buffer.from((await store.evidence.body(second?.id ?? '')) ?? []).toString();
  expect(JSON.parse(body)).toEqual({ said: redaction.text(said), n: 1 });
});

it('keeps a git bundle byte by byte, and the result of a tool free of what looks like a secret', async () => {
  const body = Buffer.from([0xff, 0xfe, 0x00, ...Buffer.from('PACK')]);
  const mediaType = 'application/x-git-bundle';
  const row = await store.evidence.put({
    key: 'b',
    unit: runSubject(RUN),
    kind: 'bundle',
    sha: null,
    verdict: null,
    summary: '',
    mediaType,
    body,
    at: 1,
  });
  expect(Buffer.from((await store.evidence.body(row.id)) ?? [])).toEqual(body);
  const token = `ghp_${'0123456789abcdefghijABCDEFGHIJklmnop'}`;
  const result = { session: 's', turn: 1, toolUseId: 'a', content: `found ${token}`, isError: false, at: 4 };
  expect((await store.sessions.putResult(result)).content).not.toContain(token);
});

it('lets no secret pass a stream of text in parts, and numbers what it writes without gaps', async () => {
  const key = { session: 's', turn: 1, attempt: 1 };
  const stream = createTextStream({ events: store.events, subject: `run/${RUN}`, key, redaction, now: () => 1 });
  stream.onText(`first ${SECRET.slice(0, 9)}`);
  await expect
    .poll(async () => (await store.events.after(0, { limit: 100 })).filter((one) => one.kind === 'text.delta').length)
    .toBe(1);
  stream.onText(`${SECRET.slice(9)} then on`);
  await stream.end();

  const deltas = (await store.events.after(0, { limit: 100 })).filter((one) => one.kind === 'text.delta');
  expect(deltas.map((one) => one.data)).toEqual([
    { ...key, offset: 0, text: 'first ' },
    { ...key, offset: 6, text: '[TOKEN] then on' },
  ]);
});
