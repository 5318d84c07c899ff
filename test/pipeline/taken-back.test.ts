/** Main is rewritten by a person while a run is open; and a push that was refused, then allowed. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_GRANTS } from '../../domain/bounds.ts';
import { has } from '../setup/needs.ts';
import { CONTRACT, ended, inStage, openBench, SOON, topicsOf, type Bench } from './bench.ts';
import { ACCEPT, addFunction, commit, MULTIPLY } from './scenarios.ts';

const SUBMIT = { calls: [{ submit: [] }] };
const MEND = { calls: [{ bash: `sed -i /broken/d lib.mjs\n${commit('Mend the build')}` }] };
const BREAKS = addFunction(
  'half',
  'export const broken = true;\nexport function half(a) {\n  return a / 2;\n}',
  '1',
) as {
  steps: object[];
};

function slowly(ms: number, { steps }: { steps: object[] } = MULTIPLY as { steps: object[] }): object {
  return { triage: ACCEPT, steps: [{ calls: [{ note: 'looking' }], delayMs: ms }, ...steps] };
}

describe.skipIf(!has('temporal') || !has('bwrap'))(
  'main is rewritten while a run is open',
  { timeout: 200_000 },
  () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench({ contract: { ...CONTRACT, build: ['sleep 1', ...CONTRACT.build] } });
    });
    afterEach(() => bench.close());

    /** As a person with the right to it may: `script` runs in a clone of main, which then replaces it. */
    function rewrite(script: string): string {
      const name = { GIT_AUTHOR_NAME: 'C', GIT_COMMITTER_NAME: 'C' };
      const mail = { GIT_AUTHOR_EMAIL: 'c@example.invalid', GIT_COMMITTER_EMAIL: 'c@example.invalid' };
      execFileSync('bash', ['-ec', `git clone -q ${bench.remote} .; ${script}; git push -qf origin HEAD:main`], {
        cwd: mkdtempSync(join(bench.dir, 'person-')),
        env: { ...process.env, ...name, ...mail },
        stdio: 'pipe',
      });
      return bench.git('rev-parse', 'main');
    }

    it('a commit that a person took back from main does not come back with our push: a person is called with both shas', async () => {
      const leak = bench.land({ 'leak.txt': 'must go' }, 'Oops');
      bench.scenario('Taken back', slowly(3_000));
      const issue = await bench.release('Taken back');
      await bench.run(issue.number, inStage('implement'));
      const main = rewrite('git reset -q --hard HEAD~1');
      const run = await bench.run(issue.number, ended, 90_000);

      expect(run.outcome).toBe('needs-human');
      expect(run.state).toMatchObject({ reason: expect.stringMatching(`${main} does not contain ${leak}`) as string });
      expect(await topicsOf(bench, run)).toContain('needs-human');
      expect(bench.git('rev-parse', 'main')).toBe(main);
      expect(bench.git('ls-tree', '--name-only', 'main')).not.toContain('leak.txt');
    });

    it('a main of another history calls a person with the reason, and nothing is pushed', async () => {
      bench.scenario('Replaced', slowly(3_000));
      const issue = await bench.release('Replaced');
      await bench.run(issue.number, inStage('implement'));
      const main = rewrite('git checkout -q --orphan fresh; git commit -qm fresh');
      const run = await bench.run(issue.number, ended, 90_000);

      expect(run.state).toMatchObject({ outcome: 'needs-human', reason: expect.stringContaining(main) as string });
      expect(bench.git('rev-parse', 'main')).toBe(main);
    });

    it('our own commit, taken back while its red deploy is mended, is not pushed again: superseded with both shas', async () => {
      bench.scenario('Roll back', {
        triage: ACCEPT,
        steps: [...BREAKS.steps, { calls: [{ note: 'looking' }], delayMs: 5_000 }, MEND, SUBMIT],
      });
      const issue = await bench.release('Roll back');
      const fixing = await bench.run(issue.number, (run) => run.state.stage === 'fix' && run.state.brief !== null);
      const main = rewrite(`git reset -q --hard ${fixing.state.progress.onto}`);
      const run = await bench.run(issue.number, ended, 90_000);

      const both = expect.stringMatching(`${main}.*${fixing.state.progress.pushed}`) as string;
      expect(run.state).toMatchObject({ outcome: 'superseded', reason: both });
      expect(bench.git('rev-parse', 'main')).toBe(main);
      await expect.poll(() => topicsOf(bench, run), SOON).toContain('taken-back');
      expect((await bench.tracker.read(issue.number))?.state).toBe('open');
    });

    it('a push that the remote refused is made again, of the same sha, once a person has lifted the rule and says retry', async () => {
      bench.scenario('Refused', { triage: ACCEPT, steps: [...BREAKS.steps, MEND, SUBMIT, SUBMIT] });
      const issue = await bench.release('Refused');
      await bench.run(issue.number, inStage('watch'));
      const rule = join(bench.remote, 'hooks', 'pre-receive');
      writeFileSync(rule, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
      chmodSync(rule, 0o755);
      const frozen = await bench.run(issue.number, inStage('frozen'), 90_000);
      expect(frozen.state).toMatchObject({ reason: expect.stringContaining('main is protected') as string });

      rmSync(rule);
      await bench.act(frozen.id, { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS });
      const run = await bench.run(issue.number, ended, 90_000);
      expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
      expect(bench.pushes()).toHaveLength(2);
    });
  },
);
