/** Each host serves the repos whose checkouts it holds: one that dies takes its own lanes with it, and goes on with them when it returns. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { has } from '../setup/needs.ts';
import { ACCEPT, MULTIPLY } from '../pipeline/scenarios.ts';
import { openHosts, type Hosts } from './hosts.ts';

/** Its first command is at work when its host dies; it is not run again (invariant 6). */
const AT_WORK = { triage: ACCEPT, steps: [{ calls: [{ bash: 'sleep 600' }] }, ...MULTIPLY.steps] };
const PATIENCE = { timeout: 240_000, interval: 100 };

describe.skipIf(!has('temporal') || !has('bwrap') || !has('postgres'))('two hosts with a disk each', () => {
  let hosts: Hosts;
  beforeAll(async () => {
    hosts = await openHosts(['a', 'b', 'c', 'd', 'e']);
  });
  afterAll(() => hosts.close());

  const outcomes = (keys: readonly string[]): Promise<unknown[]> =>
    Promise.all(keys.map(async (key) => (await hosts.run(key))?.outcome ?? null));
  const calls = async (): Promise<string[]> =>
    (await hosts.store.escalations.list({}))
      .filter((one) => one.topic !== 'shipped')
      .map((one) => `${one.topic}: ${one.decision}`);

  it('one dies: its lanes wait and say so, the others ship; one that is given up ends; it comes back: they go on, and nothing is done twice', async () => {
    const first = await hosts.startWorker('one');
    await hosts.release('a', AT_WORK);
    await hosts.release('b', AT_WORK);
    await hosts.release('e', AT_WORK);
    await vi.waitFor(async () => expect(await hosts.store.control.facts('begun/')).toHaveLength(3), PATIENCE);
    first.kill();
    await first.died;

    await hosts.startWorker('two');
    await hosts.startApi('two');
    await hosts.release('c', MULTIPLY);
    await hosts.release('d', MULTIPLY);
    await vi.waitFor(async () => expect(await outcomes(['c', 'd'])).toEqual(['shipped', 'shipped']), PATIENCE);

    const [one, two] = [hosts.nameOf('one'), hosts.nameOf('two')];
    const waits = expect.stringContaining(`waits for host ${one}, silent since `) as string;
    const lanes = `the lanes of acme/a, acme/b, acme/e wait for host ${one}, whose disk has the checkouts; the others go on`;
    const run = await hosts.run('a');
    await vi.waitFor(async () => {
      expect(await hosts.ask(`/api/runs/${run?.id ?? ''}`)).toMatchObject({
        run: { stage: 'implement', reason: waits, trouble: waits },
      });
      expect(await hosts.ask('/healthz')).toMatchObject({ ok: false });
      expect(await calls()).toEqual([expect.stringMatching(new RegExp(`^worker-unseen: worker ${one} .*${lanes}`))]);
    }, PATIENCE);
    expect(await outcomes(['a', 'b'])).toEqual([null, null]);
    const lost = await hosts.run('e');
    await hosts.ask(`/api/runs/${lost?.id ?? ''}/acts`, { kind: 'cancel', note: 'as if its disk were lost' });
    await vi.waitFor(async () => expect(await outcomes(['e'])).toEqual(['cancelled']), PATIENCE);

    await hosts.startWorker('one');
    await vi.waitFor(async () => expect(await outcomes(['a', 'b'])).toEqual(['shipped', 'shipped']), PATIENCE);
    const held = Object.fromEntries((await hosts.store.checkouts.list()).map(({ repo, host }) => [repo, host]));
    expect(held).toEqual({ a: one, b: one, c: two, d: two, e: one });
    for (const key of ['a', 'b', 'c', 'd']) expect(hosts.repo(key).pushes(), key).toHaveLength(1);
    expect(await calls()).toHaveLength(1);
  }, 600_000);
});
