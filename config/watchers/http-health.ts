import { z } from 'zod';
import { seconds } from '../schemas/words.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { watcherSchema } from './watcher-kind.ts';

export const HEALTH = { times: 3, everySeconds: 1, timeoutSeconds: 5 } as const;

const health = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  version: z
    .string()
    .regex(/^(body|json:[^\s]+|header:[A-Za-z0-9-]+)$/, 'must be body, json:<dotted.path> or header:<name>'),
  times: z.int().min(1).max(1000).optional(),
  everySeconds: seconds.optional(),
  timeoutSeconds: seconds.optional(),
});

const probe = z.strictObject({
  url: z.string(),
  /** Where the version stands in the answer: `body` (whole text, trimmed), `json:<dotted.path>` or `header:<name>`. */
  version: z.string(),
  /** This many answers in a row must carry our sha. */
  times: z.number(),
  everySeconds: z.number(),
  timeoutSeconds: z.number(),
});
export type HealthProbe = Readonly<z.infer<typeof probe>>;

export const httpHealthWatcher = watcherSchema({
  written: z.strictObject({ health: health.optional() }),
  resolved: z.strictObject({ health: probe.nullable() }),
  resolve: (given) => ({
    health: given.health === undefined ? null : { ...HEALTH, ...withoutUndefined(given.health) },
  }),
});
