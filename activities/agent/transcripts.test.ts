/** Transcripts over a real store: what is read again, and what stays as it was given. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSubject } from '../../domain/unit.ts';
import { turn } from '../../store/suite/stores.ts';
import { openStore } from '../../store/open.ts';
import type { Sessions, Store } from '../../store/port.ts';
import { createTranscripts } from './transcripts.ts';

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'transcripts-'));
  store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  for (const id of ['s', 'other']) await store.sessions.open({ id, unit: runSubject('r'), system: '', at: 1 });
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

test('each row is read once, and a transcript that was given stays as it was', async () => {
  let rows = 0;
  const sessions: Pick<Sessions, 'after'> = {
    async after(session, place) {
      const read = await store.sessions.after(session, place);
      rows += read.fresh.inputs.length + read.fresh.turns.length + read.fresh.results.length;
      return read;
    },
  };
  const transcripts = createTranscripts(sessions);
  await store.sessions.addInput('s', 'opening/1', 'go', 1);
  const empty = await transcripts.read('s');
  for (let number = 1; number <= 5; number += 1) {
    await store.sessions.commitTurn(turn('s', number));
    await transcripts.read('s');
    await store.sessions.putResult({ session: 's', turn: number, toolUseId: 't', content: '', isError: false, at: 2 });
    await transcripts.read('other');
    await transcripts.read('s');
  }

  expect(await transcripts.read('s')).toEqual(await store.sessions.transcript('s'));
  expect(rows).toBe(11);
  expect(empty.turns).toEqual([]);
});

test('two who read at once, and one who begins anew, see the same', async () => {
  const transcripts = createTranscripts(store.sessions);
  await store.sessions.commitTurn(turn('s', 1));
  await transcripts.read('s');
  await store.sessions.commitTurn(turn('s', 2));
  const [one, other] = await Promise.all([transcripts.read('s'), transcripts.read('s')]);
  expect(one).toEqual(other);
  await store.sessions.commitTurn(turn('s', 3));
  expect(await transcripts.read('s')).toEqual(await createTranscripts(store.sessions).read('s'));
});
