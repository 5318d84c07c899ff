/** What the readers of every kind of report share. */
import type { TestOutcome } from '../../domain/gates/outcome.ts';

export type ReadReport =
  | { readonly ok: true; readonly outcomes: readonly TestOutcome[] }
  | { readonly ok: false; readonly why: 'missing' | 'unreadable'; readonly reason: string };

/** Cuts the first root that `path` starts with. */
export function relativeTo(roots: readonly string[], path: string): string {
  const plain = path.replace(/^file:\/\//, '');
  const root = roots.find((one) => plain.startsWith(`${one}/`));
  return (root === undefined ? plain : plain.slice(root.length + 1)).replace(/^\.\//, '');
}

/** Node's runner reports a file as if it were a test when it holds none, or when it does not load. */
export function isFileLevel(file: string, name: string): boolean {
  return file !== '' && (file === name || file.endsWith(`/${name}`));
}

const DETAIL_CHARS = 2_000;

export function boundedDetail(text: string): string {
  const plain = text.replace(/\0/g, '').trim();
  return plain.length > DETAIL_CHARS ? `${plain.slice(0, DETAIL_CHARS)} …` : plain;
}

/** More than any suite holds; what stands behind it would only be slow to judge. */
export const MAX_TESTS = 200_000;

export function unreadable(kind: string, why: string): ReadReport {
  return { ok: false, why: 'unreadable', reason: `the ${kind} report cannot be read: ${why.slice(0, 300)}` };
}

type JsonEvent = Readonly<Record<string, unknown>>;

/**
 * One JSON object a line. Lines that do not begin as one come from wrappers, such as make, which print what they run; one that
 * begins so and is none was cut off, or something else wrote into it.
 */
export function readEvents(text: string): readonly JsonEvent[] | { readonly broken: string } {
  const events: JsonEvent[] = [];
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    if (!line.startsWith('{')) continue;
    try {
      events.push(JSON.parse(line) as JsonEvent);
    } catch {
      return { broken: `line ${number} is no whole JSON object, so it was cut off, or something else wrote into it` };
    }
  }
  return events;
}

/** Empty where there is no such text. */
export function textOf(event: JsonEvent, name: string): string {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  return typeof value === 'string' ? value : '';
}
