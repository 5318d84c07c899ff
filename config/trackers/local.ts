import { existsSync } from 'node:fs';
import { z } from 'zod';
import { text } from '../schemas/words.ts';
import { trackerKind } from './tracker-kind.ts';

const permission = z.enum(['admin', 'write', 'read']);

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
  resolve: ({ dir, people }, refs) => ({ kind: 'local' as const, dir: refs.path(dir), people: people ?? {} }),
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
