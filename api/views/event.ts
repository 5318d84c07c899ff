import { z } from 'zod';
import { at, count, text } from './common.ts';
import type { Frozen } from './frozen.ts';

export const event = z
  .object({
    seq: count.meta({ description: 'Its place, gap-free in the order of commit.' }),
    at,
    subject: text.meta({ description: '`run/<id>`, `repo/<key>`, `system`.' }),
    kind: text,
    data: z.unknown(),
  })
  .meta({ id: 'Event' });
export type EventView = Frozen<z.infer<typeof event>>;
