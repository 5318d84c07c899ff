/** Main is rewritten by a person while a run is open; and a push that was refused, then allowed. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_GRANTS } from '../../domain/bounds.ts';
import { has } from '../setup/needs.ts';
import { CONTRACT, ended, inStage, openRig, SOON, topicsOf, type Rig } from './rig.ts';
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
    let rig: Rig;
    beforeEach(async () => {
      rig = await openRig({ contract: { ...CONTRACT, build: ['sleep 1', ...CONTRACT.build] } });
    });
    afterEach(() => rig.close());

    /** As a person with the right to it may: `script` runs in a clone of main, which then replaces it. */
    function rewrite(script: string): string {
      const name = { GIT_AUTHOR_NAME: 'C', GIT_COMMITTER_NAME: 'C' };
      const mail = { GIT_AUTHOR_EMAIL: 'c@example.invalid', GIT_COMMITTER_EMAIL: 'c@example.invalid' };
      execFileSync('bash', ['-ec', `git clone -q ${rig.remote} .; ${script}; git push -qf origin HEAD:main`], {
        cwd: mkdtempSync(join(rig.dir, 'person-')),
        env: { ...process.env, ...name, ...mail },
        stdio: 'pipe',
      });
      return rig.git('rev-parse', 'main');
    }

    it('a commit that a person took back from main does not come back with our push: a person is called with both shas', async () => {
      const leak = rig.land({ 'leak.txt': 'must go' }, 'Oops');
      rig.scenario('Taken back', slowly(3_000));
      const issue = await rig.release('Taken back');
      await rig.run(issue.number, inStage('implement'));
      const main = rewrite('git reset -q --hard HEAD~1');
      const run = await rig.run(issue.number, ended, 90_000);

      expect(run.outcome).toBe('needs-human');
      expect(run.state).toMatchObject({ reason: expect.stringMatching(`${main} does not contain ${leak}`) as string });
      expect(await topicsOf(rig, run)).toContain('needs-human');
      expect(rig.git('rev-parse', 'main')).toBe(main);
      expect(rig.git('ls-tree', '--name-only', 'main')).not.toContain('leak.txt');
    });

    it('a main of another history calls a person with the reason, and nothing is pushed', async () => {
      rig.scenario('Replaced', slowly(3_000));
      const issue = await rig.release('Replaced');
      await rig.run(issue.number, inStage('implement'));
      const main = rewrite('git checkout -q --orphan fresh; git commit -qm fresh');
      const run = await rig.run(issue.number, ended, 90_000);

      expect(run.state).toMatchObject({ outcome: 'needs-human', reason: expect.stringContaining(main) as string });
      expect(rig.git('rev-parse', 'main')).toBe(main);
    });

    it('our own commit, taken back while its red deploy is mended, is not pushed again: superseded with both shas', async () => {
      rig.scenario('Roll back', {
        triage: ACCEPT,
        steps: [...BREAKS.steps, { calls: [{ note: 'looking' }], delayMs: 5_000 }, MEND, SUBMIT],
      });
      const issue = await rig.release('Roll back');
      const fixing = await rig.run(issue.number, (run) => run.state.stage === 'fix' && run.state.brief !== null);
      const main = rewrite(`git reset -q --hard ${fixing.state.progress.onto}`);
      const run = await rig.run(issue.number, ended, 90_000);

      const both = expect.stringMatching(`${main}.*${fixing.state.progress.pushed}`) as string;
      expect(run.state).toMatchObject({ outcome: 'superseded', reason: both });
      expect(rig.git('rev-parse', 'main')).toBe(main);
      await expect.poll(() => topicsOf(rig, run), SOON).toContain('taken-back');
      expect((await rig.tracker.read(issue.number))?.state).toBe('open');
    });

    it('a push that the remote refused is made again, of the same sha, once a person has lifted the rule and says retry', async () => {
      rig.scenario('Refused', { triage: ACCEPT, steps: [...BREAKS.steps, MEND, SUBMIT, SUBMIT] });
      const issue = await rig.release('Refused');
      await rig.run(issue.number, inStage('watch'));
      const rule = join(rig.remote, 'hooks', 'pre-receive');
      writeFileSync(rule, '#!/bin/sh\necho "main is protected" >&2\nexit 1\n');
      chmodSync(rule, 0o755);
      const frozen = await rig.run(issue.number, inStage('frozen'), 90_000);
      expect(frozen.state).toMatchObject({ reason: expect.stringContaining('main is protected') as string });

      rmSync(rule);
      await rig.act(frozen.id, { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS });
      const run = await rig.run(issue.number, ended, 90_000);
      expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
      expect(rig.pushes()).toHaveLength(2);
    });
  },
);
