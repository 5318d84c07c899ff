/** What no further try would mend: the run does not stand still, and a person hears why within minutes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { ended, openRig, SOON, topicsOf, type Rig } from './rig.ts';
import { ACCEPT, addFunction, commit, MULTIPLY } from './scenarios.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('work that fails alike at each try', { timeout: 180_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  it('is none where a change brings a name that is not UTF-8: the agent is told which, mends it, and the change ships', async () => {
    const odd = `test/$(printf 'caf\\351').txt`;
    const add = addFunction('odd', 'export function odd(a, b) {\n  return a * b;\n}', '6') as { steps: object[] };
    const again = { calls: [{ bash: `git mv "${odd}" test/cafe.txt && ${commit('Name the fixture')}` }] };
    rig.scenario('Odd name', {
      triage: ACCEPT,
      steps: [
        { calls: [{ bash: `printf x > ${odd}; ${commit('A fixture')}` }] },
        ...add.steps,
        { ...again, expect: { lastMessage: { contains: 'caf\\351.txt' } } },
        { calls: [{ submit: [] }] },
      ],
    });
    const issue = await rig.release('Odd name');
    const run = await rig.run(issue.number, ended, 120_000);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress.rounds).toBe(1);
    expect(rig.git('ls-tree', '-r', '--name-only', 'main')).toContain('test/cafe.txt');
  });

  it('ends the run and calls a person, with what failed, how often and why; the next run is free to go', async () => {
    // Where the worktrees of runs are to lie there is a file: no folder can be made in it.
    const runs = join(rig.config.dataDir, 'runs');
    rmSync(runs, { recursive: true, force: true });
    writeFileSync(runs, '');
    rig.scenario('Multiply', MULTIPLY);
    const issue = await rig.release('Multiply');
    const run = await rig.run(issue.number, ended, 150_000);

    expect(run.outcome).toBe('needs-human');
    expect(run.state).toHaveProperty(
      'reason',
      expect.stringMatching(/^preparing the run failed \d+ times within \d+ s: E.*mend what it names$/),
    );
    await expect.poll(() => topicsOf(rig, run), SOON).toContain('needs-human');

    rmSync(runs);
    mkdirSync(runs);
    const again = await rig.release('Multiply');
    expect((await rig.run(again.number, ended, 60_000)).outcome).toBe('shipped');
  });
});
