/**
 * What this host holds: the checkouts of the repos that it serves. A repo that nobody holds is taken when it is first served. While a run of
 * it is open nobody else takes it over, however long its host is silent: unreachable is not gone, and the commits are on that disk alone.
 */
import type { Checkouts } from '../../store/port.ts';
import type { Checkout } from '../../domain/checkout.ts';

export interface Lease {
  /** The name of this host. */
  readonly host: string;
  /** Whether this host holds the repo's checkout; it takes what is free. */
  holds(repo: string): Promise<boolean>;
  /** Who holds it, if that is somebody else. */
  heldBy(repo: string): Promise<Checkout | null>;
  /** Whether a run may begin: its host shows itself, or it is this one. */
  mayBegin(repo: string): Promise<boolean>;
  /** Says that this host lives, where it is time to. */
  renew(): Promise<void>;
}

export interface LeaseDeps {
  readonly checkouts: Checkouts;
  readonly host: string;
  /** After how long a host would be missed: it shows itself several times in that. */
  readonly unseenMs: number;
  readonly now: () => number;
}

/** Far beyond a restart of a machine: what moves to another host is cloned anew there. */
export const SILENT_MS = 15 * 60_000;
const RENEW_MS = 10_000;

export function createLease({ checkouts, host, unseenMs, now }: LeaseDeps): Lease {
  const everyMs = Math.min(RENEW_MS, unseenMs / 4);
  let renewed = 0;

  async function heldBy(repo: string): Promise<Checkout | null> {
    const held = await checkouts.take({ repo, host, at: now(), silentMs: SILENT_MS });
    return held.host === host ? null : held;
  }

  return {
    host,
    heldBy,
    holds: async (repo) => (await heldBy(repo)) === null,
    async mayBegin(repo) {
      const other = await heldBy(repo);
      return other === null || now() - other.renewed < unseenMs;
    },
    async renew() {
      if (now() - renewed < everyMs) return;
      renewed = now();
      await checkouts.renew(host, renewed);
    },
  };
}
