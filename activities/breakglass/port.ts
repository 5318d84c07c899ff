/**
 * The host's verbs, as callers see them: two calls. One op is one connection and one request; an answer that is lost is looked up by the
 * op's id and never asked for by sending the verb again.
 */
import type { BreakglassResult } from '../../config/breakglass-result.ts';
import type { NothingDone, PowerOutcome as Outcome, Unclear } from '../../domain/breakglass/outcome.ts';
import type { RequestWords, Verb } from '../../domain/breakglass/verb.ts';

export type PowerOutcome = Outcome<BreakglassResult>;

/** A document of the host in which it says what it saw. */
export type StatusDocument = BreakglassResult & { readonly status: NonNullable<BreakglassResult['status']> };

/** A status is a look: one that fails may be repeated as one likes. One that the host refused, or that shows nothing, has failed. */
export type StatusAnswer =
  | { readonly ok: true; readonly document: StatusDocument }
  /** The reason is the host's where it refused, else the client's. */
  | { readonly ok: false; readonly reason: NothingDone | Unclear | (string & {}); readonly hint: string };

export interface Watching {
  /** What the host says for a person while the op goes on, line by line, and what this client does about a lost answer. */
  readonly onLine?: (line: string) => void;
}

/** Seconds, within the bounds of the host. */
export type Waits = Pick<RequestWords, 'stopWait' | 'guestWait'>;
export type Asking = Watching & Waits;

export interface PowerHost {
  /** Resolves when the outcome is known, or known to be unknown. Failures of the world are outcomes; it throws for bugs only. */
  runVerb(verb: Exclude<Verb, 'status'>, op: string, asking?: Asking): Promise<PowerOutcome>;
  /** With an op: also what became of it, in `document.record`; null there: the host doesn't know it. */
  status(op?: string, watching?: Watching): Promise<StatusAnswer>;
}
