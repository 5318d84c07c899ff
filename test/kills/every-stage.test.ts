/** Design section 10: a worker killed at any point costs at most one turn, and doubles no provable effect. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '../../api/views/view.ts';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';
import { expectShippedOnce, untilShipped } from './outcome.ts';
import { repeatedTurns } from './playground.ts';

const TOOL_SECONDS = 20;
/** The model takes this long over triage and over one turn: long enough to die in the middle. */
const THINKING_MS = 2_000;

describe.skipIf(!has('temporal') || !has('bwrap'))('a worker killed in every stage of one run', () => {
  let rig: KillRig;
  beforeAll(async () => {
    rig = await createKillRig({
      seed: 301,
      issues: [1],
      scenario: (given) => {
        const [look, ...rest] = given.steps;
        return {
          ...given,
          triage: { ...given.triage, delayMs: THINKING_MS },
          steps: [
            {
              say: 'Something that takes its time.',
              calls: [{ bash: `echo begun >> tool.log; sleep ${TOOL_SECONDS}; echo ended >> tool.log` }],
            },
            {
              // The tool's effect is not doubled unseen: the model is told, and finds what was done (invariant 6).
              expect: { results: ['error'], lastMessage: { contains: 'Interrupted' } },
              calls: [{ bash: 'cat tool.log; rm tool.log' }],
            },
            {
              ...look,
              delayMs: THINKING_MS,
              expect: { lastMessage: { matches: '^begun\\n(?!begun)', notContains: 'ended' } },
            },
            ...rest,
          ],
        };
      },
    });
  });
  afterAll(() => rig.close());

  it('ships as it would have: one push, one comment, at most one turn repeated a death (invariants 5, 6)', async () => {
    await rig.start();
    const backMs: number[] = [];
    const kill = async (): Promise<void> => {
      const killed = rig.up().processes['worker'] ?? 0;
      await rig.kill('worker');
      backMs.push(await rig.untilBack('worker', killed));
    };
    const stage = (name: string): Promise<RunView> =>
      rig.until(`stage ${name}`, 90, async () => {
        const view = await rig.run(1);
        if (view?.run.stage === 'ended') throw new Error(`it ended before ${name}: ${view.run.reason}`);
        return view?.run.stage === name ? view : null;
      });
    const asked = (kind: string, step: number | null): Promise<true> =>
      rig.until(
        `the model is asked for ${kind} ${step}`,
        60,
        () => rig.playground.modelRequests().some((one) => one.kind === kind && one.step === step) || null,
      );

    await asked('triage', null);
    await kill();
    await stage('prepare');
    await kill();
    await rig.until('the long tool call has begun', 90, () => toolLogs(rig)[0] ?? null);
    await kill();
    expect(toolLogs(rig)).toEqual(['begun\n']);
    await asked('step', 2);
    await kill();
    await stage('verify');
    await kill();
    await rig.until('a push is under way', 90, () => rig.playground.pushBegan() || null);
    await kill();
    await stage('watch');
    await kill();

    const view = await untilShipped(rig, 1, 150);
    expectShippedOnce(rig.playground, view);
    const repeated = repeatedTurns(rig.playground.modelRequests());
    // One was killed in triage's call and one in a turn's; all the other deaths cost no call at all.
    expect(Object.values(repeated)).toEqual([2, 2]);
    const seconds = (view.run.endedAt ?? 0) - view.run.createdAt;
    process.stderr.write(
      `kills: ${backMs.length} deaths of the worker, 0 duplicates, ${Object.keys(repeated).length} turns repeated, ` +
        `a new process after at most ${Math.max(...backMs) / 1000} s, run of ${seconds / 1000} s\n`,
    );
  }, 400_000);
});

function toolLogs({ dataDir }: KillRig): string[] {
  return globSync('**/tool.log', { cwd: dataDir }).map((path) => readFileSync(join(dataDir, path), 'utf8'));
}
