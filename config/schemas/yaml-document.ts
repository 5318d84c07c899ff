/**
 * YAML with positions: every complaint about a file names file, line, column, key and what was expected, because an
 * operator who is told "invalid configuration" has to guess, and guessing is what invariant 8 forbids.
 */
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { wordsOf } from './complaint.ts';

export type KeyPath = readonly PropertyKey[];

export interface YamlSource {
  /** One complaint in the form `file:line:column: key.path: what`. */
  complain(path: KeyPath, what: string): string;
}

export type ParsedYaml<T> =
  | { readonly ok: true; readonly value: T; readonly source: YamlSource }
  | { readonly ok: false; readonly errors: readonly string[] };

/** `file` is only named in the errors. An empty document is an empty mapping. */
export function parseYaml<T>(text: string, file: string, schema: z.ZodType<T>): ParsedYaml<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2', prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return { ok: false, errors: broken.map((error) => `${at(error.pos[0])}: ${error.message.split('\n')[0]}`) };
  }

  const source: YamlSource = {
    complain: (path, what) =>
      `${at(offsetOf(document, path))}: ${path.length === 0 ? '' : `${keyText(path)}: `}${what}`,
  };
  const value = plainValue(document);
  if (!value.ok) return { ok: false, errors: [`${file}:1:1: ${value.why}`] };
  const parsed = schema.safeParse(value.value ?? {});
  if (parsed.success) return { ok: true, value: parsed.data, source };
  const complaints = parsed.error.issues.flatMap((issue) => wordsOf(issue, value.value));
  return { ok: false, errors: complaints.map(({ path, what }) => source.complain(path, what)) };
}

function plainValue(document: Document): { ok: true; value: unknown } | { ok: false; why: string } {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: 50 }) as unknown };
  } catch (error) {
    // The one way a document without errors fails to convert: aliases that multiply.
    if (error instanceof ReferenceError) return { ok: false, why: `${error.message}: write the repeated part out` };
    throw error;
  }
}

/** Where the key stands, or the nearest mapping around it that is there. */
function offsetOf(document: Document, path: KeyPath): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    const found = childOf(node, part);
    if (found === null) return offset;
    offset = startOf(found.key) ?? startOf(found.value) ?? offset;
    node = found.value;
  }
  return offset;
}

function childOf(node: unknown, part: PropertyKey): { readonly key: unknown; readonly value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === String(part));
    return pair === undefined ? null : { key: pair.key, value: pair.value };
  }
  if (isNode(node) && 'items' in node && Array.isArray(node.items)) {
    const item: unknown = node.items[Number(part)];
    return item === undefined || isPair(item) ? null : { key: item, value: item };
  }
  return null;
}

function startOf(node: unknown): number | null {
  return isNode(node) ? ((node as Node).range?.[0] ?? null) : null;
}

/** `repos[0].tracker.dir` */
export function keyText(path: KeyPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text === '' ? '' : '.'}${String(part)}`),
    '',
  );
}
