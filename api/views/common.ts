/** What several answers have in them. Times are epoch milliseconds, money is whole micro-dollars. */
import { z } from 'zod';
import type { Frozen } from './frozen.ts';

export const text = z.string();
export const maybeText = text.nullable();
export const at = z.number().meta({ description: 'Epoch milliseconds.' });
export const maybeAt = at.nullable();
export const count = z.number();
export const microUsd = z.number().meta({ description: 'Millionths of a dollar.' });

export const principal = z
  .object({ name: text, kind: z.enum(['person', 'token', 'system']), scopes: z.array(text) })
  .meta({ id: 'Principal', description: 'Who did something.' });

/** Something that keeps runs from starting, and what to do about it. */
export const notice = z.object({ text, remedy: text }).meta({ id: 'Notice' });
export type NoticeView = Frozen<z.infer<typeof notice>>;

export const part = z
  .object({
    name: text.meta({ description: 'Such as `store`, `temporal`, `worker`.' }),
    ok: z.boolean(),
    detail: text.meta({ description: 'One sentence; what to do when it is not ok.' }),
  })
  .meta({ id: 'Part' });

export const grants = z
  .object({ microUsd, turns: count, sessionMs: count, rounds: count, fixes: count })
  .meta({ id: 'Grants', description: 'What people added to the bounds of one run.' });

export const errorBody = z
  .object({
    error: z.object({
      code: text,
      message: text.meta({ description: 'What happened, to what, why.' }),
      remedy: text.optional().meta({ description: 'What to do about it.' }),
      field: text.optional().meta({ description: 'Dotted path of what was wrong in body or query.' }),
    }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = Frozen<z.infer<typeof errorBody>>;

export const killSwitch = z
  .object({
    on: z.boolean(),
    by: text,
    note: text,
    at,
    row: z.boolean(),
    file: z.boolean().meta({ description: 'Where it is on: a file put there by hand counts as much as the row.' }),
  })
  .meta({ id: 'KillSwitch' });
export type KillSwitchView = Frozen<z.infer<typeof killSwitch>>;
