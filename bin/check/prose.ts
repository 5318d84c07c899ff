/** Lines of prose that nobody can read or diff: of documents and of comments. Tables, code and what a model is told are no prose. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from './source-files.ts';

const LONGEST = 160;
const skipped = /(^|\/)(node_modules|fixtures|histories|prompts|houses)(\/|$)|^playground\/.*repo\//;

export function longProse(root: string): string[] {
  const documents = globSync('**/*.md', { cwd: root, exclude: (name) => name === 'node_modules' }).filter(
    (file) => !skipped.test(file),
  );
  const texts = [
    ...documents.map((file) => ({ file, lines: proseOf(readFileSync(join(root, file), 'utf8')) })),
    ...sourceFiles(root).map((file) => ({ file, lines: commentsOf(readFileSync(join(root, file), 'utf8')) })),
  ];
  return texts.flatMap(({ file, lines }) =>
    lines
      .filter(({ text }) => text.length > LONGEST)
      .map(({ at, text }) => `${file}:${at}: ${text.length} characters, ${LONGEST} allowed: break the line`),
  );
}

interface Line {
  /** From 1. */
  readonly at: number;
  readonly text: string;
}

/** All but tables and fenced code. */
export function proseOf(markdown: string): Line[] {
  let isCode = false;
  return numbered(markdown).filter(({ text }) => {
    const isFence = /^\s*(```|~~~)/.test(text);
    if (isFence) isCode = !isCode;
    return !isFence && !isCode && !/^\s*\|/.test(text);
  });
}

export function commentsOf(source: string): Line[] {
  return numbered(source).filter(({ text }) => /^\s*(\/\*\*|\*|\/\/|#) /.test(text));
}

function numbered(text: string): Line[] {
  return text.split('\n').map((line, index) => ({ at: index + 1, text: line }));
}
