/** One kind of adapter as the configuration knows it: what a person writes, what the adapter gets, and how the one becomes the other. */
import type { z } from 'zod';
import type { References } from './references.ts';
import type { KeyPath } from './yaml-document.ts';

type KindSchema = z.ZodObject<{ kind: z.ZodLiteral<string> }>;

export interface Kind<Written extends KindSchema, Resolved extends KindSchema> {
  readonly written: Written;
  readonly resolved: Resolved;
  /** `at` is where it stands in the file. */
  resolve(given: z.infer<Written>, refs: References, at: KeyPath): z.infer<Resolved>;
}

/** As a list of kinds holds it, whatever it takes. */
export interface AnyKind {
  readonly written: KindSchema;
  readonly resolved: KindSchema;
}

/** The schemas of all kinds, each with its own type: what `z.discriminatedUnion` takes. */
export function schemasOf<Kinds extends readonly AnyKind[], Part extends 'written' | 'resolved'>(
  kinds: Kinds,
  part: Part,
): { -readonly [Index in keyof Kinds]: Kinds[Index][Part] } {
  // Mapped one by one: the compiler does not follow that for a tuple.
  return kinds.map((kind) => kind[part]) as never;
}

/** The kind that the entry names; the schema has refused any other. */
export function kindOf<Kinds extends readonly AnyKind[]>(
  kinds: Kinds,
  { kind }: { readonly kind: string },
): Kinds[number] {
  const found = kinds.find((one) => one.resolved.shape.kind.value === kind);
  if (found === undefined) throw new Error(`there is no kind ${kind}`);
  return found;
}
