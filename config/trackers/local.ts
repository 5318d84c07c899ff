import { existsSync } from 'node:fs';
import { z } from 'zod';
import { text } from '../schemas/words.ts';
import { trackerKind } from './tracker-kind.ts';

const permission = z.enum(['admin', 'write', 'read']);

type Permission = z.infer<typeof permission>;

/** The entry of a folder of issue files. `people`: login → permission. */
export function localIssues(dir: string, people: Readonly<Record<string, Permission>> = {}) {
  return { kind: 'local' as const, dir, people };
}

export const localTracker = trackerKind({
  written: z.strictObject({
    kind: z.literal('local'),
    dir: text.describe('Folder of the issue files.'),
    people: z
      .record(text, permission)
      .optional()
      .describe('Who may do what; a name that is not listed has no permission.'),
  }),
  resolved: z.strictObject({
    kind: z.literal('local'),
    dir: z.string(),
    /** Login → permission; a name that is not listed has none. */
    people: z.record(z.string(), permission),
  }),
  resolve: ({ dir, people }, refs) => localIssues(refs.path(dir), people),
  place: ({ dir }) => dir,
  trusted: (repo) => `tracker.people of ${repo} in lamplighter.yaml gives write or admin`,
  fault: ({ dir }) =>
    existsSync(dir)
      ? null
      : {
          detail: `the folder of its issues is not there: ${dir}`,
          remedy: 'make it, or correct tracker.dir; `lamplighter issue add` makes it too',
        },
});
