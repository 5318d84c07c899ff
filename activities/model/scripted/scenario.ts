/** The shape of a scenario file; docs/scripted-model.md is its description for people. */
import { z } from 'zod';

const text = z.string();
const texts = z.union([text.min(1), z.array(text.min(1)).min(1)]);
const input = z.record(z.string(), z.unknown());

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'ms');
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

const pattern = text.min(1).refine(isPattern, 'must be a regular expression');
const capture = pattern.refine((one) => one.includes('(?<'), 'must hold a named group, such as (?<run>\\S+)');

const textExpectation = z.strictObject({
  contains: texts.optional(),
  notContains: texts.optional(),
  matches: pattern.optional(),
});
export type TextExpectation = z.infer<typeof textExpectation>;

const expectation = z.strictObject({
  lastMessage: textExpectation.optional(),
  system: textExpectation.optional(),
  first: textExpectation.optional(),
  tool: texts.optional(),
  results: z.array(z.enum(['ok', 'error'])).optional(),
  messages: z.int().positive().optional(),
});
export type Expectation = z.infer<typeof expectation>;

const times = z.int().positive().optional();
const fault = z.union([
  z.strictObject({
    status: z.int().min(400).max(599),
    retryAfter: z.number().nonnegative().optional().describe('Seconds.'),
    message: text.optional(),
    times,
  }),
  z.strictObject({ cutAfterBytes: z.int().nonnegative(), times }),
  z.strictObject({ streamError: text.min(1), times }),
  z.strictObject({ withoutStop: z.literal(true), times }),
]);
export type Fault = z.infer<typeof fault>;

const call = z.union([
  z.strictObject({ bash: z.union([text, input]) }),
  z.strictObject({ editor: input }),
  z.strictObject({ submit: z.array(z.unknown()) }),
  z.strictObject({ give_up: text }),
  z.strictObject({ note: text }),
  z.strictObject({ tool: z.strictObject({ name: text.min(1), input }) }),
  z.strictObject({ raw: z.strictObject({ name: text.min(1), json: text }) }),
]);
export type Call = z.infer<typeof call>;

const tokens = z.int().nonnegative().optional();
const stepShape = {
  say: text.optional(),
  calls: z.array(call).optional(),
  expect: expectation.optional(),
  usage: z.strictObject({ input: tokens, output: tokens, cacheRead: tokens, cacheWrite: tokens }).optional(),
  stop: text.min(1).optional(),
  truncate: z.boolean().optional(),
  delayMs: z.int().nonnegative().optional(),
  paceMs: z.int().nonnegative().optional(),
  fault: z.union([fault, z.array(fault)]).optional(),
  again: z.strictObject({ when: textExpectation, say: text.optional(), calls: z.array(call).optional() }).optional(),
};
const step = z.strictObject(stepShape);
export type Step = z.infer<typeof step>;

const triage = z.strictObject({
  ...stepShape,
  accept: input.optional(),
  reject: text.optional(),
});
export type Triage = z.infer<typeof triage>;

export const scenario = z.strictObject({
  name: text.min(1),
  match: texts,
  capture: z.array(capture).optional(),
  triage: triage.optional(),
  steps: z.array(step),
});
export type Scenario = z.infer<typeof scenario>;

export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
