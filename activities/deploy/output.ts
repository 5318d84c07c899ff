/** What a command printed, made fit for evidence: secrets struck out first, then cut. */
import { stripVTControlCharacters } from 'node:util';
import { shortenLog } from '../../domain/log-trim.ts';
import type { CommandResult } from '../sandbox/port.ts';
import { headOf } from '../../domain/text.ts';

/** Of each stream: its end as it is, and of what comes before that what matters. */
const END_CHARS = 16_000;
const BEFORE_CHARS = 8_000;

/** Strikes secrets out of what a command printed (activities/evidence/redact.ts). */
export type Redact = (text: string) => Promise<string>;

export interface ShownResult {
  readonly end: CommandResult['end'];
  readonly code: number | null;
  readonly ms: number;
  readonly log: string;
}

export async function showResult(result: CommandResult, redact: Redact): Promise<ShownResult> {
  const parts: string[] = [];
  for (const text of [result.stdout, result.stderr]) {
    // Redacted before it is cut: half a secret is known by nobody.
    const clean = (await redact(stripVTControlCharacters(text))).trim();
    if (clean !== '') parts.push(shortenLog(clean, BEFORE_CHARS, END_CHARS));
  }
  return { end: result.end, code: result.code, ms: result.ms, log: parts.join('\n--- stderr ---\n') };
}

export function endInWords({ end, code }: ShownResult, wallMs: number): string {
  switch (end) {
    case 'exited':
      return `exited with ${code}`;
    case 'timeout':
      return `did not end within ${Math.round(wallMs / 1000)} s and was stopped`;
    case 'signalled':
      return 'was killed by a signal';
    case 'aborted':
      return 'was stopped from outside';
  }
}

export function lastLine(log: string): string {
  const line = log.trim().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${headOf(line, 300)}`;
}

/** Of a stage's evidence: its log, or that of the command that failed last; empty where it has none. */
export function logOf(body: Uint8Array | null): string {
  if (body === null) return '';
  const value = JSON.parse(new TextDecoder().decode(body)) as {
    readonly log?: unknown;
    readonly commands?: readonly { readonly log?: unknown }[];
  };
  const log = value.log ?? value.commands?.at(-1)?.log;
  return typeof log === 'string' ? log : '';
}
