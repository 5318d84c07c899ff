/** `up` whose parts are killed while it starts: whatever dies of a signal is started again, and all is up in the end. */
import { afterEach, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';
import type { Seen } from './tree.ts';

/** By what stands in their command lines. */
const PARTS = { temporal: 'start-dev', worker: 'workers/worker.ts', api: 'workers/api.ts' } as const;

type Part = keyof typeof PARTS;

describe.skipIf(!has('temporal') || !has('bwrap'))('up whose parts are killed while it starts', () => {
  let rig: KillRig | null = null;
  afterEach(async () => {
    await rig?.close();
    rig = null;
  });

  const seen = (part: Part, not: readonly number[]): Seen | null =>
    rig
      ?.tree()
      .find(
        ({ pid, command }) => command.includes(PARTS[part]) && !command.startsWith('setpriv') && !not.includes(pid),
      ) ?? null;

  /** Kills each new process of the part as soon as it is seen, so many times. */
  async function killWhenSeen(part: Part, times: number, afterMs: number): Promise<void> {
    const killed: number[] = [];
    while (killed.length < times) {
      const { pid } = (await rig?.until(`a new ${part}`, 60, () => seen(part, killed))) ?? { pid: 0 };
      // Into its start: nothing tells how far it has got.
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
    }
  }

  it.each([
    ['temporal', 100],
    ['temporal', 400],
    ['worker', 300],
    ['worker', 900],
    ['api', 50],
    ['api', 300],
  ] as const)(
    '%s, %i ms after it was started, twice: up is up all the same',
    async (part, afterMs) => {
      rig = await createKillRig({ seed: 306, issues: [] });
      const starting = rig.start();
      await killWhenSeen(part, 2, afterMs);

      const file = await starting;
      expect(Object.keys(file.processes)).toEqual(expect.arrayContaining(['temporal', 'worker', 'api']));
      const health = await rig.until('all parts answer', 60, async () => {
        const { status } = (await rig?.ask('GET', '/healthz').catch(() => null)) ?? { status: 0 };
        return status === 200 ? status : null;
      });
      expect(health).toBe(200);
      expect(rig.said()).toMatch(new RegExp(`${part} died \\(SIGKILL\\)`));
    },
    180_000,
  );

  it('Temporal under a worker that is just starting: the worker is started again until it is there', async () => {
    rig = await createKillRig({ seed: 307, issues: [1] });
    const starting = rig.start();
    await rig.until('the worker starts', 60, () => seen('worker', []));
    await killWhenSeen('temporal', 3, 200);
    await starting;

    const run = await rig.until('a run moves', 90, async () => (await rig?.run(1)) ?? null);
    expect(run.run.issue).toBe(1);
  }, 240_000);
});
