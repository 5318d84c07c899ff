/** The kinds of trackers there are. A new one is a file in trackers/ and an entry of `KINDS`. */
import { z } from 'zod';
import { kindOf, schemasOf } from './schemas/kind.ts';
import type { References } from './schemas/references.ts';
import { localTracker } from './trackers/local.ts';
import type { TrackerFault, TrackerWords } from './trackers/tracker-kind.ts';
import type { KeyPath } from './schemas/yaml-document.ts';

const KINDS = [localTracker] as const;

export const writtenTracker = z.discriminatedUnion('kind', schemasOf(KINDS, 'written'));
export const resolvedTracker = z.discriminatedUnion('kind', schemasOf(KINDS, 'resolved'));

type Written = z.infer<typeof writtenTracker>;
type Resolved = z.infer<typeof resolvedTracker>;

export function resolveTracker(given: Written, refs: References, at: KeyPath): Resolved {
  // One entry and the kind that it names belong together, which the compiler cannot follow through a union.
  return kindOf(KINDS, given).resolve(given as never, refs, at);
}

export interface SaidTracker {
  place(): string;
  trusted(repo: string): string;
  fault(): TrackerFault | null;
}

/** What people read of this tracker. */
export function trackerWords(settings: { readonly kind: Resolved['kind'] }): SaidTracker {
  const kind: TrackerWords<never> = kindOf(KINDS, settings);
  // As above.
  const own = settings as never;
  return { place: () => kind.place(own), trusted: (repo) => kind.trusted(repo), fault: () => kind.fault(own) };
}
