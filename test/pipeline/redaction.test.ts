import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { runWorkflowId } from '../../domain/run.ts';
import { CONTRACT, ended, openRig } from './rig.ts';
import { ACCEPT, commit } from './scenarios.ts';

const SECRET = 'swordfish-of-the-cluster';

it.skipIf(!has('temporal') || !has('bwrap'))(
  'a secret of the configuration that an agent comes by is in no row and no evidence (design, section 9)',
  { timeout: 120_000 },
  async () => {
    // A colleague left it in the repo, which is the likeliest way.
    const rig = await openRig({
      files: { 'notes.txt': `${SECRET}\n` },
      deploy: { env: { CLUSTER_TOKEN: SECRET } },
    });
    try {
      rig.scenario('Find the secret', {
        triage: ACCEPT,
        steps: [
          { say: `I am told ${SECRET}.`, calls: [{ bash: 'cat notes.txt; base64 notes.txt' }] },
          { calls: [{ bash: `echo 'throw new Error("${SECRET}")' > lib.mjs; ${commit('Break it')}` }] },
          { calls: [{ submit: [] }] },
          { calls: [{ give_up: `it is ${SECRET}` }] },
        ],
      });
      const issue = await rig.release('Find the secret');
      const run = await rig.run(issue.number, ended);

      expect(run.outcome, JSON.stringify(run.state)).toBe('needs-human');
      const disk = onDisk(rig.config.dataDir);
      const found = disk.filter((path) => {
        const bytes = readFileSync(path, 'latin1');
        return bytes.includes(SECRET) || bytes.includes(Buffer.from(SECRET).toString('base64').slice(0, 20));
      });
      expect(found).toEqual([]);
      expect(disk.some((path) => readFileSync(path, 'latin1').includes('[CLUSTER_TOKEN]'))).toBe(true);
    } finally {
      await rig.close();
    }
  },
);

it.skipIf(!has('temporal') || !has('bwrap'))(
  'a test secret reaches the tests in the gates, and no session, row, evidence or history, whatever a test prints (invariant 3)',
  { timeout: 120_000 },
  async () => {
    const rig = await openRig({
      contract: {
        ...CONTRACT,
        secrets: ['PAY_KEY', 'MAP_TOKEN'],
      },
      files: {
        'test/pay.test.mjs': `import test from 'node:test';\ntest('has a key', () => { if (process.env.PAY_KEY !== '${SECRET}') throw new Error('no key'); });\n`,
      },
      testEnv: {
        PAY_KEY: { value: SECRET, session: false },
        MAP_TOKEN: { value: 'map-of-the-harbour', session: true },
      },
    });
    try {
      const leak = `import test from 'node:test';\nimport * as lib from '../lib.mjs';\ntest('leaks', () => { throw new Error('' + lib.add(1, 1) + process.env.PAY_KEY); });\n`;
      rig.scenario('Print the secret', {
        triage: ACCEPT,
        steps: [
          { calls: [{ bash: 'echo "pay ${PAY_KEY-none}, map $(printf %s "$MAP_TOKEN" | wc -c), $MAP_TOKEN"; env' }] },
          {
            calls: [
              { bash: `cat > test/leak.test.mjs <<'END'\n${leak}END\necho '//' >> lib.mjs\n${commit('Leak it')}` },
            ],
          },
          { calls: [{ submit: [] }] },
          { calls: [{ give_up: 'the gates see through me' }] },
        ],
      });
      const issue = await rig.release('Print the secret');
      const run = await rig.run(issue.number, ended);

      // It came as far as the gates, so main was green, and it is only with the key.
      expect(run.outcome, JSON.stringify(run.state)).toBe('needs-human');
      const { results, inputs } = await rig.store.sessions.transcript(`${run.id}/work`);
      const said = results.map((one) => one.content);
      expect(said[0]).toMatch(/^pay none, map 18, \[MAP_TOKEN\]/);
      expect(JSON.stringify(inputs)).toContain('2[PAY_KEY]');
      const history = await rig.client.workflow.getHandle(runWorkflowId(run.id)).fetchHistory();
      const written = payloadsOf(history);
      expect(written.includes('2[PAY_KEY]')).toBe(true);
      for (const secret of [SECRET, 'map-of-the-harbour']) {
        expect(written.includes(secret)).toBe(false);
        expect(onDisk(rig.config.dataDir).filter((path) => readFileSync(path, 'latin1').includes(secret))).toEqual([]);
      }
    } finally {
      await rig.close();
    }
  },
);

/** What the run's workflow and its activities were given and answered, as text. */
function payloadsOf(history: unknown): string {
  return JSON.stringify(history).replaceAll(/"data":"([^"]*)"/g, (_whole, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );
}

function onDisk(dataDir: string): string[] {
  return ['lamplighter.db', 'lamplighter.db-wal', 'blobs'].flatMap((name) => filesOf(join(dataDir, name)));
}

function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}
