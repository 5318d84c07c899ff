/**
 * One issue as a Markdown file: front matter, the body, then comments between hidden lines. A person may write any of
 * it by hand; what does not hold together is an error with file and line, never a guess.
 */
import { z } from 'zod';
import { parseYaml } from '../../../config/schemas/yaml-document.ts';

/** Labels and people are written on one line each, so that a diff reads well. */
const word = z.string().regex(/^[^\p{Cc}]{1,100}$/u, 'must be one line of at most 100 characters');
const event = z.strictObject({
  id: word,
  label: word,
  action: z.enum(['added', 'removed']),
  by: word.nullable().optional(),
  at: z.iso.datetime({ offset: true }),
});

const frontMatter = z.strictObject({
  number: z.int().positive(),
  title: z
    .string()
    .min(1)
    .max(500)
    .regex(/^(?:\P{Cc}|[\t\n])*$/u, 'must not hold control characters'),
  author: word.optional(),
  state: z.enum(['open', 'closed']),
  /** What holds now. Absent: what the events say. A label without an event was put there by nobody we can name. */
  labels: z.array(word).nullable().optional(),
  events: z.array(event).nullable().optional(),
  blockedBy: z.array(z.int().positive()).nullable().optional(),
});

export type FrontMatter = z.infer<typeof frontMatter>;
export type FileEvent = z.infer<typeof event>;

export interface FileComment {
  readonly id: string;
  readonly by: string;
  readonly at: string;
  readonly text: string;
  /** Offsets of the whole block in the file. */
  readonly start: number;
  readonly end: number;
}

export interface IssueFile {
  /** The whole file; edits start from it. */
  readonly text: string;
  /** Offsets of the front matter without its fences. */
  readonly front: { readonly start: number; readonly end: number };
  readonly meta: FrontMatter;
  readonly body: string;
  readonly comments: readonly FileComment[];
}

export type ParsedIssueFile =
  | { readonly ok: true; readonly file: IssueFile }
  | { readonly ok: false; readonly errors: readonly string[] };

const FENCED = /^(\uFEFF?---[ \t]*\r?\n)([\s\S]*?)^---[ \t]*\r?(?:\n|$)/m;
const OPENING = /^<!-- lamplighter:comment (.*)-->[ \t]*\r?$/gm;
const FACTS = /^id=(\S+) by=(\S+) at=(\S+) $/;
const ENDING = /^<!-- lamplighter:end -->[ \t]*\r?$/gm;

/** `name` is the file's name: it starts with the issue's number and is named in errors. */
export function parseIssueFile(text: string, name: string): ParsedIssueFile {
  const fenced = FENCED.exec(text);
  if (fenced === null || fenced.index !== 0 || fenced[1] === undefined || fenced[2] === undefined) {
    return {
      ok: false,
      errors: [`${name}:1:1: expected front matter: a line ---, then number, title and state, then a line ---`],
    };
  }
  const front = { start: fenced[1].length, end: fenced[1].length + fenced[2].length };
  // The empty first line stands for the fence, so that lines are those of the file.
  const parsed = parseYaml(`\n${fenced[2]}`, name, frontMatter);
  if (!parsed.ok) return parsed;
  const { value: meta, source } = parsed;

  const errors: string[] = [];
  if (Number.parseInt(name, 10) !== meta.number) {
    errors.push(
      source.complain(['number'], `${meta.number} is not the number that the file's name starts with: make them agree`),
    );
  }
  const ids = new Set<string>();
  for (const [index, { id }] of (meta.events ?? []).entries()) {
    if (ids.has(id))
      errors.push(source.complain(['events', index, 'id'], `${id} is used by another event: an id is used once`));
    ids.add(id);
  }
  const comments = parseComments(text, fenced[0].length, (offset, what) =>
    errors.push(`${name}:${lineOf(text, offset)}:1: ${what}`),
  );
  if (errors.length > 0) return { ok: false, errors };
  const bodyEnd = comments[0]?.start ?? text.length;
  return {
    ok: true,
    file: { text, front, meta, body: unescapeText(text.slice(fenced[0].length, bodyEnd)).trim(), comments },
  };
}

function parseComments(text: string, from: number, fail: (offset: number, what: string) => void): FileComment[] {
  const comments: FileComment[] = [];
  let end = from;
  for (const opening of text.matchAll(OPENING)) {
    if (opening.index < from) continue;
    if (opening.index < end) {
      fail(opening.index, 'a comment starts inside another: end the first by <!-- lamplighter:end -->');
      continue;
    }
    const facts = FACTS.exec(opening[1] ?? '');
    ENDING.lastIndex = opening.index;
    const ending = ENDING.exec(text);
    if (ending === null) {
      fail(opening.index, 'this comment has no end: add a line <!-- lamplighter:end --> after its text');
      break;
    }
    end = ending.index + ending[0].length;
    const [, id, by, at] = facts ?? [];
    if (id === undefined || by === undefined || at === undefined) {
      fail(opening.index, 'expected <!-- lamplighter:comment id=… by=… at=… -->');
      continue;
    }
    const content = text.slice(
      opening.index + opening[0].length + 1,
      Math.max(ending.index - 1, opening.index + opening[0].length + 1),
    );
    comments.push({ id, by, at, text: unescapeText(content), start: opening.index, end });
  }
  return comments;
}

export function renderComment(comment: Pick<FileComment, 'id' | 'by' | 'at' | 'text'>): string {
  const text = escapeText(comment.text.replaceAll('\r\n', '\n'));
  return `<!-- lamplighter:comment id=${comment.id} by=${comment.by} at=${comment.at} -->\n${text}\n<!-- lamplighter:end -->`;
}

/** Text of people and models may quote our hidden lines: they must not become the file's structure. */
export function escapeText(text: string): string {
  return text.replaceAll(/^(\\*<!-- lamplighter:(?:comment|end)\b)/gm, '\\$1');
}

function unescapeText(text: string): string {
  return text.replaceAll(/^\\(\\*<!-- lamplighter:(?:comment|end)\b)/gm, '$1');
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
