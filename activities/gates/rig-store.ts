/**
 * A real store for each rig, empty as a new one. It is opened once for the rigs of a file that come one after the other: its thread takes 100 ms of
 * CPU to start.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';

/** What gates see of the store. */
export type GateStore = Pick<Store, 'evidence' | 'control'>;
/** Where all of that lies. */
const TABLES = ['evidence', 'facts'];

interface Opened {
  readonly dir: string;
  readonly store: Store;
}

const idle: Opened[] = [];
afterAll(async () => {
  for (const { dir, store } of idle.splice(0)) {
    await store.close();
    await rm(dir, { recursive: true });
  }
});

/** `giveBack` empties it: what one test put there can never stand for another's. */
export async function takeStore(): Promise<{ readonly store: GateStore; readonly giveBack: () => void }> {
  const opened = idle.pop() ?? (await open());
  return {
    store: opened.store,
    giveBack() {
      empty(fileIn(opened.dir));
      idle.push(opened);
    },
  };
}

async function open(): Promise<Opened> {
  const dir = await mkdtemp(join(tmpdir(), 'gates-store-'));
  return { dir, store: await openStore({ kind: 'sqlite', file: fileIn(dir) }, join(dir, 'blobs')) };
}

const fileIn = (dir: string): string => join(dir, 'store.db');

function empty(file: string): void {
  const database = new DatabaseSync(file);
  try {
    for (const table of TABLES) database.exec(`DELETE FROM ${table}`);
  } finally {
    database.close();
  }
}
