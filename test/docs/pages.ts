/** What tests read of our pages: fenced blocks by what they say they are, and rows of tables. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  /** The words behind the language: the file that the block is, and what tells it from others. */
  readonly title: string;
  readonly text: string;
}

export function readPage(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
}

export function blocksOf(page: string): Block[] {
  const text = readPage(page);
  return [...text.matchAll(/^```(\w+)(?: +([^\n]*))?\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    title: match[2]?.trim() ?? '',
    text: match[3] ?? '',
  }));
}

/** Rows of all tables of a page: the key in the first cell, and the last cell. */
export function tableRows(page: string): { readonly key: string; readonly last: string }[] {
  return [...readPage(page).matchAll(/^\| `([^`]+)` \|.*\| ([^|]+) \|$/gm)].map((match) => ({
    key: match[1] ?? '',
    last: (match[2] ?? '').trim(),
  }));
}
