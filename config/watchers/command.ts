import { z } from 'zod';
import { environmentOf } from '../schemas/secret-types.ts';
import { environment, seconds, text } from '../schemas/words.ts';
import { watcherSchema } from './watcher-kind.ts';

const DEPLOY_SECONDS = 600;

export const commandWatcher = watcherSchema({
  written: z.strictObject({
    command: text
      .optional()
      .describe('Shell command with LAMPLIGHTER_SHA and LAMPLIGHTER_SOURCE set; safe to repeat for one sha.'),
    timeoutSeconds: seconds.optional(),
    env: environment.optional(),
  }),
  resolved: z.strictObject({
    /**
     * Shell command, run outside the sandbox with `LAMPLIGHTER_SHA`, `LAMPLIGHTER_SOURCE` (a clean checkout) and `env`; null: no deploy stage.
     * Must be safe to repeat for one sha.
     */
    command: z.string().nullable(),
    timeoutSeconds: z.number(),
    env: environmentOf(z.string()),
  }),
  resolve: ({ command, timeoutSeconds, env }, refs, at) => ({
    command: command ?? null,
    timeoutSeconds: timeoutSeconds ?? DEPLOY_SECONDS,
    env: refs.environment(env, [...at, 'env']),
  }),
});
