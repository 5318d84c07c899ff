/** A process that performs one effect on a world behind HTTP, and may be killed at a crash point: what the tests of effects run. */
import { parseArgs } from 'node:util';
import { openStore } from '../../store/open.ts';
import type { Subject } from '../../domain/unit.ts';
import type { EffectClass } from '../../store/port.ts';
import { armCrash, noCrash } from './crash-point.ts';
import { createPerformEffect, type Effect } from './perform.ts';

export interface EffectInput {
  readonly class: EffectClass;
  readonly key: string;
  readonly unit: Subject;
  /** `GET /<key>` answers with the receipt or 404; `POST /<key>` does the thing and answers with a receipt. */
  readonly world: string;
  readonly dir: string;
  /** `act.before`, `act.after`, or `any` for the first of them; null for none. */
  readonly crashAt: string | null;
}

const { positionals } = parseArgs({ allowPositionals: true });
const input = JSON.parse(positionals[0] ?? '') as EffectInput;
const store = await openStore({ kind: 'sqlite', file: `${input.dir}/store.db` }, `${input.dir}/blobs`);
const perform = createPerformEffect({
  log: store.effects,
  crash:
    input.crashAt === null ? noCrash : armCrash({ points: [{ point: input.crashAt, at: 1 }], markerDir: input.dir }),
  now: Date.now,
});
process.stdout.write(await perform(effectOf(input)));
await store.close();

function effectOf({ class: kind, key, unit, world }: EffectInput): Effect<string> {
  const url = `${world}/${encodeURIComponent(key)}`;
  const shared = { key, unit, name: 'act', act: (repeat: boolean) => send(url, repeat) };
  return kind === 'provable' ? { ...shared, class: kind, lookup: () => find(url) } : { ...shared, class: kind };
}

async function send(url: string, repeat: boolean): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers: { 'x-repeat': String(repeat) } });
  if (!response.ok) throw new Error(`the world refused with ${response.status}`);
  return response.text();
}

async function find(url: string): Promise<string | null> {
  const response = await fetch(url);
  return response.ok ? response.text() : null;
}
