/**
 * `npm run histories [-- <release>]`: tells the stories of test/pipeline/stories.ts on real parts and writes the history of each workflow
 * under test/histories/<release>/. Recorded releases are append-only; one that ends in `-dev` is not released yet and is recorded anew.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';
import { HISTORIES } from './history-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const recorder = 'test/pipeline/record-histories.ts';

function version(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

function refusal(release: string): string | null {
  if (!/^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/.test(release)) return `${release} is not a release: give one such as 0.2.0`;
  if (!release.endsWith('-dev') && existsSync(join(HISTORIES, release)))
    return `test/histories/${release} is there, and recorded releases are append-only: record the next release instead`;
  return null;
}

const release = process.argv[2] ?? `${version()}-dev`;
const refused = refusal(release);
if (refused !== null) {
  process.stderr.write(`${refused}\n`);
  process.exitCode = 2;
} else {
  const env = { LAMPLIGHTER_HISTORIES_RELEASE: release };
  const vitest = await startVitest('test', [recorder], { root, watch: false, include: [recorder], env, bail: 1 });
  await vitest.close();
}
