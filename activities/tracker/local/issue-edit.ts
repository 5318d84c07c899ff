/** Edits of an issue file that change what they mean to change and leave every other byte as a person wrote it. */
import { isMap, isScalar, isSeq, parseDocument, stringify, type Node, type Pair, type YAMLSeq } from 'yaml';
import { renderComment, type FileComment, type FileEvent, type IssueFile } from './issue-file.ts';

export function setState(file: IssueFile, state: 'open' | 'closed'): string {
  return withFront(file, (front) => setValue(front, 'state', state));
}

/** Writes the labels that hold now, and appends the events that made them so. */
export function setLabels(file: IssueFile, labels: readonly string[], events: readonly FileEvent[]): string {
  return withFront(file, (front) => {
    const labelled = setValue(front, 'labels', flow(labels));
    return events.reduce((text, event) => appendItem(text, 'events', flow(event)), labelled);
  });
}

export function appendComment(file: IssueFile, comment: Pick<FileComment, 'id' | 'by' | 'at' | 'text'>): string {
  const gap = file.text.endsWith('\n\n') ? '' : file.text.endsWith('\n') ? '\n' : '\n\n';
  return `${file.text}${gap}${renderComment(comment)}\n`;
}

export function replaceComment(file: IssueFile, comment: FileComment, text: string): string {
  return splice(file.text, comment.start, comment.end, renderComment({ ...comment, text }));
}

/** A whole new file. `body` is already escaped. */
export function renderIssue(meta: {
  readonly number: number;
  readonly title: string;
  readonly author: string;
  readonly labels: readonly string[];
  readonly events: readonly FileEvent[];
  readonly body: string;
}): string {
  const events =
    meta.events.length === 0
      ? 'events: []'
      : ['events:', ...meta.events.map((event) => `  - ${flow(event)}`)].join('\n');
  const front = [
    `number: ${meta.number}`,
    `title: ${stringify(meta.title.replaceAll(/\s+/g, ' '), { lineWidth: 0 }).trim()}`,
    `author: ${flow(meta.author)}`,
    'state: open',
    `labels: ${flow(meta.labels)}`,
    events,
    'blockedBy: []',
  ];
  return `---\n${front.join('\n')}\n---\n\n${meta.body.trim()}\n`;
}

function withFront(file: IssueFile, edit: (front: string) => string): string {
  const { start, end } = file.front;
  return splice(file.text, start, end, edit(file.text.slice(start, end)));
}

function setValue(front: string, key: string, value: string): string {
  const pair = pairOf(front, key);
  const node = pair?.value;
  if (pair === null || pair === undefined) return `${closed(front)}${key}: ${value}\n`;
  const range = rangeOf(node);
  if (range === null || isBlock(front, range[0])) {
    // A list over several lines, or a key without a value: what follows the colon gives way as a whole.
    const colon = front.indexOf(':', rangeOf(pair.key)?.[1] ?? 0) + 1;
    const end = range === null ? colon : trimmedEnd(front, range[1]);
    return splice(front, colon, Math.max(end, colon), ` ${value}`);
  }
  return splice(front, range[0], range[1], value);
}

/** Whether the value starts its own line, as a block list does. */
function isBlock(front: string, start: number): boolean {
  return front.slice(front.lastIndexOf('\n', start - 1) + 1, start).trim() === '' && front[start] === '-';
}

function appendItem(front: string, key: string, item: string): string {
  const pair = pairOf(front, key);
  if (pair === null || !isSeq(pair.value)) return setBlock(front, key, item, pair);
  const list = pair.value as YAMLSeq;
  const range = rangeOf(list);
  const last = rangeOf(list.items.at(-1));
  if (range === null || last === null) return setBlock(front, key, item, pair);
  if (list.flow === true) return splice(front, last[1], last[1], `, ${item}`);
  const lineStart = front.lastIndexOf('\n', range[0] - 1) + 1;
  const indent = front.slice(lineStart, range[0]);
  const end = trimmedEnd(front, last[1]);
  const lineEnd = front.indexOf('\n', end);
  const at = lineEnd === -1 ? front.length : lineEnd;
  return splice(front, at, at, `\n${indent}- ${item}`);
}

function setBlock(front: string, key: string, item: string, pair: Pair | null): string {
  const block = `\n  - ${item}`;
  if (pair === null) return `${closed(front)}${key}:${block}\n`;
  const colon = front.indexOf(':', rangeOf(pair.key)?.[1] ?? 0) + 1;
  const range = rangeOf(pair.value);
  return splice(front, colon, range === null ? colon : Math.max(trimmedEnd(front, range[1]), colon), block);
}

function pairOf(front: string, key: string): Pair | null {
  const { contents } = parseDocument(front);
  if (!isMap(contents)) return null;
  return contents.items.find((item) => isScalar(item.key) && item.key.value === key) ?? null;
}

function rangeOf(node: unknown): readonly [number, number] | null {
  const range = (node as Node | null | undefined)?.range;
  // A key without a value has an empty node.
  return range === null || range === undefined || range[0] === range[1] ? null : [range[0], range[1]];
}

/** The end of a node without the line breaks and blanks that YAML counts as part of it. */
function trimmedEnd(front: string, end: number): number {
  return front.slice(0, end).trimEnd().length;
}

function closed(front: string): string {
  return front === '' || front.endsWith('\n') ? front : `${front}\n`;
}

function splice(text: string, start: number, end: number, put: string): string {
  return text.slice(0, start) + put + text.slice(end);
}

/** One line of YAML, quoted where it must be. */
function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    flowCollectionPadding: true,
    defaultStringType: 'PLAIN',
  })
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}
