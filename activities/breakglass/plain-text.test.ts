import { expect, it } from 'vitest';
import { bounded, lineReader, plainLine } from './plain-text.ts';

function linesOf(chunks: readonly (string | Buffer)[], limits = { lines: 5, characters: 20 }): string[] {
  const lines: string[] = [];
  const reader = lineReader(limits, (line) => lines.push(line));
  for (const chunk of chunks) reader.take(Buffer.from(chunk));
  reader.end();
  return lines;
}

it('controls, sequences and direction marks do nothing to a terminal', () => {
  expect(plainLine('\u001b[2J\u001b]0;owned\u0007red \u009b31m \u202edesrever\r')).toBe('red  desrever');
});

it('lines come whole, however they are cut on the way, characters of many bytes among them', () => {
  const bytes = Buffer.from('forensics: ok\nstop: läuft\n');
  expect(linesOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual(['forensics: ok', 'stop: läuft']);
  expect(linesOf(['no end'])).toEqual(['no end']);
  expect(linesOf(['\n\n \r\n'])).toEqual([]);
});

it('neither a line without an end nor lines without number fill a memory or a screen', () => {
  expect(linesOf(['x'.repeat(50), 'y'.repeat(50)])).toEqual(['x'.repeat(20), 'y'.repeat(20)]);
  expect(linesOf(['a\n'.repeat(100)])).toEqual(['a', 'a', 'a', 'a', 'a', '(it says more, which is left out)']);
});

it('bytes are kept up to the limit, and more is noticed', () => {
  const kept = bounded(5);
  kept.take(Buffer.from('abc'));
  kept.take(Buffer.from('de'));
  expect([kept.text(), kept.full]).toEqual(['abcde', false]);
  kept.take(Buffer.from('f'));
  expect([kept.text(), kept.full]).toEqual(['abcde', true]);
});
