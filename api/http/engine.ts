import type { RunRow } from '../../store/port.ts';

/** What the API asks of Temporal. Rows are written before any of these is called, so each may fail and lose nothing. */
export interface Engine {
  /** An empty signal to the run's workflow: "there are unread acts". */
  poke(runId: string): Promise<void>;
  /** Lets the poller read the trackers now. */
  pollNow(): Promise<void>;
  /** Starts what the rows say is open and Temporal has lost; names what it started. */
  recover(): Promise<{ readonly runs: readonly string[]; readonly lanes: readonly string[] }>;
  links(run: RunRow): { readonly temporalUrl: string | null };
  /** All runs in Temporal Web; null where its address is not known. */
  readonly runsUrl: string | null;
}

export interface PartHealth {
  /** Such as `store`, `temporal`, `worker`. */
  readonly name: string;
  readonly ok: boolean;
  /** One sentence; what to do when it is not ok. */
  readonly detail: string;
}

export interface Health {
  readonly ok: boolean;
  readonly parts: readonly PartHealth[];
}
