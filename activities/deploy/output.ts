/** What a command printed, made fit for evidence: exact known secrets struck out first, then what looks like one, then cut. */
import { stripVTControlCharacters } from 'node:util';
import { strikeSecrets } from '../gates/secrets.ts';
import type { CommandResult } from '../sandbox/port.ts';

/** Shorter values are settings such as a port, and would strike out half the log. */
const SHORTEST_SECRET = 4;
const SHOWN_CHARS = 8_000;

export type Redact = (text: string) => Promise<string>;

/** Strikes out every value of the target's environment, as it is and as base64, because the operator's command may print either. */
export function createRedact(env: Readonly<Record<string, string>>): Redact {
  const known = Object.entries(env)
    .filter(([, value]) => value.length >= SHORTEST_SECRET)
    .flatMap(([name, value]) => formsOf(value).map((form) => ({ name, form })))
    // Longest first: a secret that contains another must not leave its rest behind.
    .toSorted((a, b) => b.form.length - a.form.length);
  return async (text) => {
    let clean = text;
    for (const { name, form } of known) clean = clean.replaceAll(form, `[${name}]`);
    return strikeSecrets(clean);
  };
}

/** A multi-line secret is also known by each of its long lines, since output may be cut or prefixed line by line. */
function formsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.length >= 16);
  const encoded = Buffer.from(value).toString('base64').replace(/=+$/, '');
  return [...new Set([value, encodeURIComponent(value), encoded, ...lines])];
}

export interface ShownResult {
  readonly end: CommandResult['end'];
  readonly code: number | null;
  readonly ms: number;
  readonly log: string;
}

/** The end of each stream: errors come last. */
export async function showResult(result: CommandResult, redact: Redact): Promise<ShownResult> {
  const parts: string[] = [];
  for (const text of [result.stdout, result.stderr]) {
    // Redacted before it is cut: half a secret is known by nobody.
    const clean = (await redact(stripVTControlCharacters(text))).trim();
    if (clean !== '') parts.push(clean.slice(-SHOWN_CHARS));
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
  return line === '' ? '' : `: ${line.slice(0, 300)}`;
}
