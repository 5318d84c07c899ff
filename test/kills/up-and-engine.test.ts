/** `up` and the parts that are not workers: Temporal, the api, and `up` itself, each killed in the middle of a run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readUpFile } from '../../cli/up/data-dir.ts';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';
import { expectShippedOnce, untilShipped } from './outcome.ts';
import { repeatedTurns } from './playground.ts';
import { alive } from './tree.ts';

/** A command in the sandbox that is at work when `up` is killed. */
const AT_WORK = 'sleep 271';

describe.skipIf(!has('temporal') || !has('bwrap'))('the engine killed under two runs', () => {
  let rig: KillRig;
  beforeAll(async () => {
    rig = await createKillRig({
      seed: 303,
      issues: [1, 2],
      scenario: (given) => ({
        ...given,
        steps: [
          { calls: [{ bash: { command: AT_WORK, timeout_seconds: 600 } }] },
          { ...given.steps[0], expect: { results: ['error'], lastMessage: { contains: 'Interrupted' } } },
          ...given.steps.slice(1),
        ],
      }),
    });
  });
  afterAll(() => rig.close());

  it('up killed with SIGKILL leaves no process behind, and started again goes on under the same address', async () => {
    const before = await rig.start();
    await rig.until(
      'a command is at work in the sandbox',
      90,
      () => rig.tree().some(({ command }) => command === AT_WORK) || null,
    );
    const tree = rig.tree();
    expect(tree.map(({ command }) => command)).toContain(AT_WORK);
    const begun = Date.now();
    await rig.killUp();
    await rig.until('nothing is left', 2, () => (alive(tree).length === 0 ? true : null));
    const goneMs = Date.now() - begun;

    const after = await rig.start();
    expect([after.url, after.temporalUrl]).toEqual([before.url, before.temporalUrl]);
    process.stderr.write(
      `kills: up killed, ${tree.length} processes gone in ${goneMs} ms, up again ${(Date.now() - begun) / 1000} s after\n`,
    );
  }, 200_000);

  it('a second up on the same data directory points to the first and ends with 1', async () => {
    const second = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../cli/main.ts', import.meta.url)), 'up', '--data-dir', rig.dataDir, '--json'],
      { cwd: rig.dataDir, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [out, said, [code]] = await Promise.all([text(second.stdout), text(second.stderr), once(second, 'exit')]);

    expect([code, out]).toEqual([1, '']);
    expect(said).toContain(`already up on ${rig.dataDir} (process ${rig.up().pid}): ${rig.up().url}`);
  }, 30_000);

  it('Temporal killed in the middle is started again by up, and the run ships: one push', async () => {
    await rig.until('verify', 120, async () => ((await rig.run(1))?.run.stage === 'verify' ? true : null));
    const killed = rig.up().processes['temporal'] ?? 0;
    await rig.kill('temporal');
    await rig.untilBack('temporal', killed);

    const view = await untilShipped(rig, 1, 150);
    expectShippedOnce(rig.playground, view);
    expect(repeatedTurns(rig.playground.modelRequests())).toEqual({});
    process.stderr.write(`kills: up and Temporal killed, 0 duplicates, 0 turns repeated\n`);
  }, 300_000);

  it('an act whose poke was lost with Temporal and the api takes effect all the same', async () => {
    const frozen = await rig.until('issue 2 is frozen', 150, async () => {
      const view = await rig.run(2);
      return view?.run.stage === 'frozen' ? view : null;
    });
    const { temporal = 0, api = 0 } = rig.up().processes;
    // Temporal hangs, so the poke does; the row is there; then both that knew of the poke die.
    process.kill(temporal, 'SIGSTOP');
    const posting = rig
      .ask('POST', `/api/runs/${encodeURIComponent(frozen.run.id)}/acts`, {
        kind: 'unfreeze',
        way: 'abandon',
        note: 'seen; it stays as it is',
      })
      .then(
        (answer) => `answered ${answer.status}`,
        () => 'cut',
      );
    await rig.until('the act is a row', 10, async () => ((await rig.run(2))?.acts.length === 1 ? true : null));
    await rig.kill('api');
    await rig.kill('temporal');
    await rig.untilBack('temporal', temporal);
    await rig.untilBack('api', api);

    expect(await posting).toBe('cut');
    // Taken is marked last.
    const view = await rig.until('the act is taken', 120, async () => {
      const now = await rig.run(2);
      return now?.acts[0]?.takenAt == null ? null : now;
    });
    expect(view.run).toMatchObject({ stage: 'ended', outcome: 'abandoned' });
    expect(view.acts).toMatchObject([{ note: 'seen; it stays as it is' }]);
    process.stderr.write('kills: an act, its poke, Temporal and the api lost: taken once\n');
  }, 300_000);

  it('one Ctrl-C ends everything with 0, and takes up.json away', async () => {
    const tree = rig.tree();

    expect(await rig.stop()).toBe(0);
    expect(alive(tree)).toEqual([]);
    expect(readUpFile(rig.dataDir)).toBe(null);
  }, 60_000);
});
