import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commentsOf, longProse, proseOf } from './prose.ts';

test('tables and fenced code are no prose', () => {
  const markdown = ['A line.', '| a | table |', '```', 'code', '```', '- an item'].join('\n');
  expect(proseOf(markdown)).toEqual([
    { at: 1, text: 'A line.' },
    { at: 6, text: '- an item' },
  ]);
});

test('of a source the lines of comments are prose, and nothing else', () => {
  const source = ['/** What it is. */', 'const a = 1; // why', '  // Why.', ' * more', "const b = 'text';"].join('\n');
  expect(commentsOf(source).map(({ at }) => at)).toEqual([1, 3, 4]);
});

test('no line of ours is too long to be read', () => {
  expect(longProse(fileURLToPath(new URL('../../', import.meta.url)))).toEqual([]);
});
