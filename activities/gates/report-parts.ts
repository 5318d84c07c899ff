/** What the readers of every kind of report share. */
import type { TestOutcome } from '../../domain/gates/outcome.ts';
import { headOf } from '../../domain/text.ts';

export type ReadReport =
  | { readonly ok: true; readonly outcomes: readonly TestOutcome[] }
  | { readonly ok: false; readonly why: 'missing' | 'unreadable'; readonly reason: string };

/** As its first bytes say, or as XML names it; UTF-8 where nothing does. */
export function textOfReport(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const mark = head.startsWith('\u00ff\u00fe') ? 'utf-16le' : head.startsWith('\u00fe\u00ff') ? 'utf-16be' : null;
  const named = /^<\?xml[^>]*\sencoding=["']((?:iso-8859|windows)-[\w-]+|latin1)["']/i.exec(head)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(mark ?? named).decode(bytes);
  } catch (error) {
    // No encoding of that name.
    if (error instanceof RangeError) return new TextDecoder().decode(bytes);
    throw error;
  }
}

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
  return plain.length > DETAIL_CHARS ? `${headOf(plain, DETAIL_CHARS)} …` : plain;
}

/** More than any suite holds; what stands behind it would only be slow to judge. */
export const MAX_TESTS = 200_000;

export function unreadable(kind: string, why: string): ReadReport {
  return { ok: false, why: 'unreadable', reason: `the ${kind} report cannot be read: ${headOf(why, 300)}` };
}

export type JsonEvent = Readonly<Record<string, unknown>>;

export interface ReportLines {
  readonly events: readonly JsonEvent[];
  /** What stands between them: of wrappers, such as make, which print what they run, and of tools that tell some things in words. */
  readonly plain: readonly string[];
}

/** One JSON object a line. One that begins so and is none was cut off, or something else wrote into it. */
export function readEvents(text: string): ReportLines | { readonly broken: string } {
  const events: JsonEvent[] = [];
  const plain: string[] = [];
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    const event = line.startsWith('{') ? eventOf(line) : null;
    if (event !== null) events.push(event);
    else if (line.startsWith('{')) return { broken: brokenLine(number) };
    else plain.push(line);
  }
  return { events, plain };
}

export function brokenLine(number: number): string {
  return `line ${number} is no whole JSON object, so it was cut off, or something else wrote into it`;
}

/** Of a text that begins with `{`. */
export function eventOf(text: string): JsonEvent | null {
  try {
    return JSON.parse(text) as JsonEvent;
  } catch {
    return null;
  }
}

/** Empty where there is no such text. */
export function textOf(event: JsonEvent, name: string): string {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  return typeof value === 'string' ? value : '';
}
