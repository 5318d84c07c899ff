/** Whoever reads a result at night looks its word up: each that the script can give stands in the guide, with one next step. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** What stands in the last column of the row of a word, in one of the tables whose last column is the next step. */
function nextSteps(guide: string): Map<string, string> {
  const rows = guide.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.flatMap((row) => {
      const cells = row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
      const names = [...(cells[0] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name);
      return names.map((name) => [name, cells.length >= 3 ? (cells.at(-1) ?? '') : ''] as const);
    }),
  );
}

const root = fileURLToPath(new URL('../..', import.meta.url));

it('each reason that the script gives for a failure or for not knowing is explained, with one next step', () => {
  const code = globSync('host/{breakglass-host,lib/*.sh}', { cwd: root })
    .map((file) => readFileSync(`${root}/${file}`, 'utf8').replace(/^\s*#.*$/gm, ''))
    .join('\n');
  const given = code.matchAll(
    /\b(?:fail|unsure|(?:answer 'done'|finish_op) (?:failed|unknown)) ([a-z_]+)\b|\bREASON=([a-z_]+)\b/g,
  );
  const reasons = new Set([...given].map(([, first, second]) => first ?? second ?? ''));
  const guide = readFileSync(`${root}/docs/breakglass-host.md`, 'utf8');

  expect(reasons.size).toBeGreaterThan(20);
  const steps = nextSteps(guide);
  expect([...reasons].filter((reason) => !steps.get(reason) && reason !== 'proven_by_boot')).toEqual([]);
});

it('each class that status can give is explained, with one next step', () => {
  const code = readFileSync(`${root}/host/lib/classify.sh`, 'utf8').replace(/^\s*#.*$/gm, '');
  const classes = new Set([...code.matchAll(/\bCLASS=([a-z_]+)\b/g)].map(([, name]) => name ?? ''));
  const steps = nextSteps(readFileSync(`${root}/docs/breakglass-host.md`, 'utf8'));

  expect(classes.size).toBeGreaterThan(15);
  expect([...classes, 'io_error', 'internal_error'].filter((name) => !steps.get(name))).toEqual([]);
});
