/** Whoever reads a result at night looks its reason up: each that the script can give stands in the guide. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('each reason that the script gives for a failure or for not knowing is explained', () => {
  const code = globSync('host/{breakglass-host,lib/*.sh}', { cwd: root })
    .map((file) => readFileSync(`${root}/${file}`, 'utf8').replace(/^\s*#.*$/gm, ''))
    .join('\n');
  const given = code.matchAll(
    /\b(?:fail|unsure|(?:answer 'done'|finish_op) (?:failed|unknown)) ([a-z_]+)\b|\bREASON=([a-z_]+)\b/g,
  );
  const reasons = new Set([...given].map(([, first, second]) => first ?? second ?? ''));
  const guide = readFileSync(`${root}/docs/breakglass-host.md`, 'utf8');

  expect(reasons.size).toBeGreaterThan(20);
  expect([...reasons].filter((reason) => !guide.includes(`\`${reason}\``) && reason !== 'proven_by_boot')).toEqual([]);
});
