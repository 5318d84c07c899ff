import type { ReconcileLimits } from '../../domain/breakglass/reconcile.ts';
import type { Verb } from '../../domain/breakglass/verb.ts';

export interface Deadlines {
  /** From the first packet until the key was accepted. */
  readonly handshakeMs: number;
  /** From there until the host has taken the request: nothing in SSH bounds this. */
  readonly channelMs: number;
  /** From there until the answer is whole. Longer than the host's own budget, so that its answer is heard. */
  readonly commandMs: Readonly<Record<Verb, number>>;
  /** After the exit code, for the end of the channel: a descriptor that something on the host keeps open holds it back. */
  readonly closingMs: number;
  /** A peer that misses this many of these is gone. */
  readonly keepaliveMs: number;
  readonly keepaliveMisses: number;
  readonly reconcile: ReconcileLimits;
}

/**
 * The host watches an op for at most 735 s with its default budgets (forensics 45, stop 120, start 90 twice, power 30, guest 300, and a
 * minute), then says that it still runs. A host with longer budgets only makes this client ask for the rest by `status`.
 */
const HOST_WATCHES_MS = 735_000;
const MUTATING_MS = HOST_WATCHES_MS + 30_000;

export const DEADLINES: Deadlines = {
  handshakeMs: 15_000,
  channelMs: 10_000,
  commandMs: {
    status: 15_000,
    forensics: 60_000,
    reset: MUTATING_MS,
    stop: MUTATING_MS,
    start: MUTATING_MS,
    cycle: MUTATING_MS,
  },
  closingMs: 2_000,
  keepaliveMs: 5_000,
  keepaliveMisses: 3,
  reconcile: { everyMs: 2_000, graceMs: 15_000, silenceMs: 90_000, settleMs: 1_800_000 },
};
