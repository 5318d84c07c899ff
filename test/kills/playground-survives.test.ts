/** What the README invites people to do: to kill the worker while the playground's agents are at work. All ends as promised. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Expected } from '../../playground/change.ts';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';

const KILLS = 6;

describe.skipIf(!has('temporal') || !has('bwrap'))(
  'the playground whose worker is killed in the middle of tool calls',
  () => {
    let rig: KillRig;
    beforeAll(async () => {
      rig = await createKillRig({ seed: 308, issues: [1, 2, 3] });
    });
    afterAll(() => rig.close());

    /** Of the worker, a command of a session at work in its sandbox. */
    const atWork = (): true | null =>
      rig.tree().some(({ command }) => /^(?:\/\S+\/)?(?:node --test|bash -c|git )/.test(command)) || null;

    /** Steps that were played more than once, with more behind them each time. */
    function lookedAgain(): number {
      const lengths = new Map<string, Set<number>>();
      for (const { session, step, messages } of rig.playground.modelRequests()) {
        if (step === null) continue;
        const key = `${session}#${step}`;
        lengths.set(key, (lengths.get(key) ?? new Set()).add(messages));
      }
      return [...lengths.values()].filter((one) => one.size > 1).length;
    }

    async function ended(issue: number): Promise<Expected | null> {
      const view = await rig.run(issue);
      if (view === null) return null;
      const { outcome, stage, state, reason } = view.run;
      if (stage === 'frozen') return 'frozen';
      if (outcome === null) return null;
      if (outcome !== 'shipped') throw new Error(`issue ${issue} ended ${outcome}: ${reason}`);
      return state.progress.fixes > 0 ? 'mended' : 'shipped';
    }

    it('ends as it promises: one shipped, one frozen, one mended', async () => {
      await rig.start();
      for (let kill = 0; kill < KILLS; kill += 1) {
        const found = await rig.until('a session is at work, or all is over', 300, async () => {
          const ends = await Promise.all([1, 2, 3].map(ended));
          if (!ends.includes(null)) return 'over';
          return atWork() === null ? null : 'at work';
        });
        if (found === 'over') break;
        const killed = rig.up().processes['worker'] ?? 0;
        await rig.kill('worker');
        await rig.untilBack('worker', killed);
      }

      const ends: (Expected | null)[] = [];
      for (const issue of [1, 2, 3]) ends.push(await rig.until(`the end of issue ${issue}`, 300, () => ended(issue)));
      for (const { number, expected } of rig.playground.issues) expect(ends[number - 1]).toBe(expected);
      // Whether a kill met a call is the machine's doing; what a script does then is playground/scenario.test.ts.
      console.log(`${KILLS} kills of the worker, ${lookedAgain()} steps played again`);
    }, 900_000);
  },
);
