import type { z } from 'zod';
import type { References } from '../schemas/references.ts';
import type { KeyPath } from '../schemas/yaml-document.ts';

/** One kind of watcher as the configuration knows it: the keys of a repo's `deploy` that are its own, beside those of the other kinds. */
export interface WatcherSchema<Written extends z.ZodObject, Resolved extends z.ZodObject> {
  readonly written: Written;
  readonly resolved: Resolved;
  /** `at` is where `deploy` stands in the file. */
  resolve(given: z.infer<Written>, refs: References, at: KeyPath): z.infer<Resolved>;
}

/** Infers the kind's types from its two schemas. */
export function watcherSchema<Written extends z.ZodObject, Resolved extends z.ZodObject>(
  kind: WatcherSchema<Written, Resolved>,
): WatcherSchema<Written, Resolved> {
  return kind;
}
