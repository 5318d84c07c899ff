import type { Checkout } from '../domain/checkout.ts';

export interface Take {
  readonly repo: string;
  readonly host: string;
  readonly at: number;
  /** A holder that has been silent for so long gives way, unless a run of the repo is open: its commits are on that disk alone. */
  readonly silentMs: number;
}

export interface Checkouts {
  /** Answers with the one that stands after it, the asker's or another's, decided in one transaction. Appends `checkout.taken` when it changed hands. */
  take(take: Take): Promise<Checkout>;
  /** All that the host holds. */
  renew(host: string, at: number): Promise<void>;
  get(repo: string): Promise<Checkout | null>;
  list(): Promise<Checkout[]>;
}
