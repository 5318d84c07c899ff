/** What a host was away for: no session time of the runs that waited for its disk, and meanwhile no slot of the others. */
import type { Checkout } from '../../domain/checkout.ts';
import { runSubject } from '../../domain/unit.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { readHeld, writeHeld } from '../agent/held-time.ts';

export interface AbsenceDeps {
  readonly store: Pick<Store, 'checkouts' | 'capacity' | 'control' | 'runs'>;
  /** The name of this host. */
  readonly host: string;
  readonly unseenMs: number;
  readonly now: () => number;
}

/** Slots of runs that wait for another host: they are given to others, and nobody is put out of one when that host is back. */
export async function strandedSlots(deps: AbsenceDeps): Promise<number> {
  const silent = await silentFor(deps, (one) => one.host !== deps.host);
  if (silent.length === 0) return 0;
  const held = new Set((await deps.store.capacity.held()).map((one) => one.unit));
  return silent.filter(({ run }) => held.has(runSubject(run.id))).length;
}

/** At the start of a host, before it says that it lives. */
export async function countAbsence(deps: AbsenceDeps): Promise<void> {
  const { store, host, now } = deps;
  for (const { run, ms } of await silentFor(deps, (one) => one.host === host)) {
    const held = await readHeld(store.control, run.id);
    // A hold that goes on counts its own time.
    if (held.since === null) await writeHeld(store.control, run.id, { ...held, ms: held.ms + ms }, now());
  }
  await store.checkouts.renew(host, now());
}

interface Silent {
  readonly run: RunRow;
  readonly ms: number;
}

async function silentFor(
  { store, unseenMs, now }: AbsenceDeps,
  isAsked: (one: Checkout) => boolean,
): Promise<readonly Silent[]> {
  const found: Silent[] = [];
  for (const one of (await store.checkouts.list()).filter(isAsked)) {
    const ms = now() - one.renewed;
    if (ms < unseenMs) continue;
    found.push(...(await store.runs.list({ repo: one.repo, open: true })).map((run) => ({ run, ms })));
  }
  return found;
}
