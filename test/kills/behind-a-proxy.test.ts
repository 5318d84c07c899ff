/** A company's machine: proxies in the environment, and nobody has listed loopback in NO_PROXY. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';

/** Nothing listens there: whatever is asked for through it fails. */
const DEAD = 'http://127.0.0.1:9';

describe.skipIf(!has('temporal') || !has('bwrap'))('up behind a proxy that knows nothing of this machine', () => {
  let rig: KillRig;
  beforeAll(async () => {
    rig = await createKillRig({ seed: 309, issues: [1] });
  });
  afterAll(() => rig.close());

  it('asks it for nothing of its own: Temporal, api and model on loopback answer, and a run starts to work', async () => {
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy'];
    await rig.start({
      ...Object.fromEntries(proxies.map((name) => [name, DEAD])),
      NO_PROXY: '',
      no_proxy: '',
    });

    const turns = await rig.until('the model has been asked', 240, () => {
      const steps = rig.playground.modelRequests().filter(({ kind }) => kind === 'step');
      return steps.length > 0 ? steps.length : null;
    });
    expect(turns).toBeGreaterThan(0);
    expect(rig.said()).not.toContain('died');
  }, 400_000);
});
