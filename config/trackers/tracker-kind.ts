import type { z } from 'zod';
import type { AnyKind, Kind } from '../schemas/kind.ts';

export interface TrackerFault {
  readonly detail: string;
  readonly remedy: string;
}

export interface TrackerWords<Settings> {
  /** Where a person sees to it when it can't be read. */
  place(settings: Settings): string;
  /** Who may release an issue: what an untrusted label needs, in words. */
  trusted(repo: string): string;
  /** What `doctor` finds wrong without asking a server; null: nothing. */
  fault(settings: Settings): TrackerFault | null;
}

export interface TrackerKind<Written extends AnyKind['written'], Resolved extends AnyKind['resolved']>
  extends Kind<Written, Resolved>, TrackerWords<z.infer<Resolved>> {}

/** Infers the kind's types from its two schemas. */
export function trackerKind<Written extends AnyKind['written'], Resolved extends AnyKind['resolved']>(
  kind: TrackerKind<Written, Resolved>,
): TrackerKind<Written, Resolved> {
  return kind;
}
