/** What zod found, in an operator's words: what was expected at which key, and what stands there instead. */
import type { z } from 'zod';
import { headOf } from '../../domain/text.ts';

export interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly what: string;
}

type Issue = z.core.$ZodIssue;

/** `root` is the whole parsed value: it tells a missing key from a wrong one. */
export function wordsOf(issue: Issue, root: unknown, above: readonly PropertyKey[] = []): Complaint[] {
  const path = [...above, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], what: 'unknown key: correct or remove it' }));
    case 'invalid_type':
      return [{ path, what: mistyped(issue.expected, valueAt(root, path)) }];
    case 'invalid_union':
      return fromUnion(issue, root, path);
    case 'invalid_key':
      return [{ path, what: `not a valid key here: ${issue.issues.map((one) => one.message).join('; ')}` }];
    case 'invalid_value':
      return [
        { path, what: missed(issue.values.map((value) => JSON.stringify(value)).join(' or '), valueAt(root, path)) },
      ];
    default:
      return [{ path, what: `${issue.message}, found ${shown(valueAt(root, path))}` }];
  }
}

function mistyped(expected: string, value: unknown): string {
  return missed(NAMES[expected] ?? expected, value);
}

function missed(wanted: string, value: unknown): string {
  return value === undefined ? `is missing: expected ${wanted}` : `expected ${wanted}, found ${shown(value)}`;
}

const NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'text (quote it if it looks like a number)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function fromUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  path: readonly PropertyKey[],
): Complaint[] {
  if (issue.errors.length === 0) {
    const found = valueAt(root, path);
    const options =
      'options' in issue && Array.isArray(issue.options)
        ? issue.options.map((one) => JSON.stringify(one)).join(' or ')
        : 'another value';
    return [{ path, what: missed(options, found) }];
  }
  // The alternative that is wrong only inside, if there is one: it is what the writer meant.
  const meant = issue.errors.filter((errors) => errors.every((one) => one.path.length > 0));
  const [only, another] = meant;
  if (only !== undefined && another === undefined) return only.flatMap((one) => wordsOf(one, root, path));
  const wanted = new Set(issue.errors.map((errors) => errors.map((one) => oneWord(one)).join(', ')));
  return [{ path, what: `expected one of: ${[...wanted].join(' | ')}; found ${kindOf(valueAt(root, path))}` }];
}

function oneWord(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `without ${issue.keys.join(', ')}`;
  const expected = issue.code === 'invalid_type' ? (NAMES[issue.expected] ?? issue.expected) : issue.message;
  return issue.path.length === 0 ? expected : `{ ${issue.path.join('.')}: ${expected} }`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** For alternatives, where a secret may have been written in plain: what it is, never what it says. */
function kindOf(value: unknown): string {
  return typeof value === 'string' ? 'text' : shown(value);
}

/** Short, and never more of a mapping than its keys. */
function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return `a mapping (${Object.keys(value).slice(0, 5).join(', ')})`;
  const text = JSON.stringify(value) ?? typeof value;
  return `${typeof value} ${text.length > 60 ? `${headOf(text, 60)}…` : text}`;
}
