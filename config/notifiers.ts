/** The kinds of channels by which people are called. A new one is a file in notifiers/ and an entry of `KINDS`. */
import { z } from 'zod';
import { kindOf, schemasOf } from './schemas/kind.ts';
import { logNotifier } from './notifiers/log.ts';
import type { References } from './schemas/references.ts';
import type { KeyPath } from './schemas/yaml-document.ts';

const KINDS = [logNotifier] as const;

export const writtenNotifier = z.discriminatedUnion('kind', schemasOf(KINDS, 'written'));
export const resolvedNotifier = z.discriminatedUnion('kind', schemasOf(KINDS, 'resolved'));

type Written = z.infer<typeof writtenNotifier>;
type Resolved = z.infer<typeof resolvedNotifier>;

/** Whoever names none is called by the log. */
const NOTIFIERS: readonly Written[] = [{ kind: 'log' }];

export function resolveNotifiers(given: readonly Written[] = NOTIFIERS, refs: References, at: KeyPath): Resolved[] {
  // One entry and the kind that it names belong together, which the compiler cannot follow through a union.
  return given.map((one, index) => kindOf(KINDS, one).resolve(one as never, refs, [...at, index]));
}
