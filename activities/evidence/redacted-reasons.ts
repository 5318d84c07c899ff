/**
 * What an activity answers goes into Temporal's history, where the redacting store does not reach: the words in it, which may quote what
 * a command printed, are struck here. Shas and ids are left alone: they are ours, and must stay what they are.
 */
import type { Redaction } from './redact.ts';

const WORDS: readonly string[] = ['reason', 'findings'];

export function redactedReasons<Activities extends object>(activities: Activities, redaction: Redaction): Activities {
  const wrapped = Object.entries(activities).map(([name, act]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    name,
    async (...args: unknown[]) => strike(await act(...args), redaction),
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

function strike(answer: unknown, redaction: Redaction): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer;
  return Object.fromEntries(
    Object.entries(answer).map(([key, value]) => [key, WORDS.includes(key) ? redaction.value(value) : value]),
  );
}
