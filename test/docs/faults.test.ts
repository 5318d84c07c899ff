import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** fault, file, test of each row that names a file. */
const rows = [...read('docs/faults.md').matchAll(/^\| (.+?) \| .+? \| `(.+?)` \| (.+?) \|$/gm)];

describe('docs/faults.md', () => {
  it('has rows, and says for each which test makes the fault happen', () => {
    const tables = read('docs/faults.md').split('\n');
    const body = tables.filter((line) => line.startsWith('| ') && !line.startsWith('| fault '));
    expect(rows.length).toBe(body.length);
    expect(rows.length).toBeGreaterThan(20);
  });

  it.each(rows.map(([, fault, file, test]) => ({ fault: fault ?? '', file: file ?? '', test: test ?? '' })))(
    '$fault: $file has that test',
    ({ file, test }) => {
      // A name with an apostrophe may stand escaped in the source.
      const source = read(file).replaceAll("\\'", "'");
      expect([`'${test}'`, `"${test}"`, `\`${test}\``].some((name) => source.includes(name))).toBe(true);
    },
  );
});
