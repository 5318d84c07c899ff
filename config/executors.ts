/** The kinds of executors that may drive the model. A new one is a file in executors/ and an entry of `KINDS`. */
import { z } from 'zod';
import { builtinExecutor } from './executors/builtin.ts';
import { kindOf, schemasOf } from './schemas/kind.ts';
import type { References } from './schemas/references.ts';
import type { KeyPath } from './schemas/yaml-document.ts';

const KINDS = [builtinExecutor] as const;

export const writtenExecutor = z.discriminatedUnion('kind', schemasOf(KINDS, 'written'));
export const resolvedExecutor = z.discriminatedUnion('kind', schemasOf(KINDS, 'resolved'));

type Written = z.infer<typeof writtenExecutor>;
type Resolved = z.infer<typeof resolvedExecutor>;

/** Whoever names none has Lamplighter's own. */
export function resolveExecutor(given: Written = { kind: 'builtin' }, refs: References, at: KeyPath): Resolved {
  // An entry and the kind that it names belong together, which the compiler cannot follow through a union.
  return kindOf(KINDS, given).resolve(given as never, refs, at);
}
