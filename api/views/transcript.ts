import { z } from 'zod';
import { at, count, microUsd, text } from './common.ts';
import type { Frozen } from './frozen.ts';

const input = z.object({
  session: text,
  key: text,
  beforeTurn: count.meta({ description: 'The turn that first sees it.' }),
  text,
  at,
});

const turn = z.object({
  session: text,
  turn: count.meta({ description: 'From 1.' }),
  content: z.array(z.unknown()).meta({ description: 'Content blocks as the Messages API has them.' }),
  stopReason: text,
  model: text,
  usage: z.object({ input: count, output: count, cacheRead: count, cacheWrite: count }),
  microUsd,
  at,
});

const result = z.object({ session: text, turn: count, toolUseId: text, content: text, isError: z.boolean(), at });

export const session = z
  .object({ id: text, at, inputs: z.array(input), turns: z.array(turn), results: z.array(result) })
  .meta({ id: 'Session' });
export type SessionView = Frozen<z.infer<typeof session>>;

export const transcript = z.object({ sessions: z.array(session) }).meta({ id: 'Transcript' });
export type TranscriptView = Frozen<z.infer<typeof transcript>>;
