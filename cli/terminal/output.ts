/** Words on a terminal: tidy columns, colour only where the terminal shows it, and nothing that hostile text could do to it. */
import { stripVTControlCharacters, styleText } from 'node:util';
import type { RunSummary } from '../../api/views/view.ts';
import { headOf } from '../../domain/text.ts';

type Style = Parameters<typeof styleText>[0];

/** Knows NO_COLOR and whether stdout is a terminal. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Titles, notes, output of tools: escape sequences and other controls are taken out, line ends and tabs stay. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\t\n]|[\p{Cf}\u2028\u2029]/gu, '');
}

export function oneLine(text: string, most: number): string {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `${headOf(line, most - 1)}…` : line;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function sayJson(value: unknown): void {
  say(plainJson(value, 2));
}

/** JSON of the same meaning that does nothing to a terminal: `JSON.stringify` leaves C1 controls (U+009B begins a sequence) and direction marks as they are. */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Left-aligned columns, two spaces apart; widths ignore colour. */
export function columns(rows: readonly (readonly string[])[]): string {
  const width = (cell: string): number => plain(cell).length;
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, width(cell))));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - width(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function standing(run: Pick<RunSummary, 'stage' | 'outcome' | 'group'>): string {
  const word = run.outcome ?? run.stage;
  if (run.outcome === 'shipped') return paint('green', word);
  if (run.stage === 'frozen') return paint('red', word);
  if (run.group === 'needs-you') return paint('yellow', word);
  return run.outcome === null ? paint('cyan', word) : paint('dim', word);
}
