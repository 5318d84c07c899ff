import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { ended, openBench } from './bench.ts';
import { ACCEPT, commit } from './scenarios.ts';

const SECRET = 'swordfish-of-the-cluster';

it.skipIf(!has('temporal') || !has('bwrap'))(
  'a secret of the configuration that an agent comes by is in no row and no evidence (design, section 9)',
  { timeout: 120_000 },
  async () => {
    // A colleague left it in the repo, which is the likeliest way.
    const bench = await openBench({
      files: { 'notes.txt': `${SECRET}\n` },
      deploy: { env: { CLUSTER_TOKEN: SECRET } },
    });
    try {
      bench.scenario('Find the secret', {
        triage: ACCEPT,
        steps: [
          { say: `I am told ${SECRET}.`, calls: [{ bash: 'cat notes.txt; base64 notes.txt' }] },
          { calls: [{ bash: `echo 'throw new Error("${SECRET}")' > lib.mjs; ${commit('Break it')}` }] },
          { calls: [{ submit: [] }] },
          { calls: [{ give_up: `it is ${SECRET}` }] },
        ],
      });
      const issue = await bench.release('Find the secret');
      const run = await bench.run(issue.number, ended);

      expect(run.outcome, JSON.stringify(run.state)).toBe('needs-human');
      const disk = ['lamplighter.db', 'lamplighter.db-wal', 'blobs'].flatMap((name) =>
        filesOf(join(bench.config.dataDir, name)),
      );
      const found = disk.filter((path) => {
        const bytes = readFileSync(path, 'latin1');
        return bytes.includes(SECRET) || bytes.includes(Buffer.from(SECRET).toString('base64').slice(0, 20));
      });
      expect(found).toEqual([]);
      expect(disk.some((path) => readFileSync(path, 'latin1').includes('[CLUSTER_TOKEN]'))).toBe(true);
    } finally {
      await bench.close();
    }
  },
);

function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}
