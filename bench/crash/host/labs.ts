import { startFakeHost } from '../../../test/lab/fake-host/fake-host.ts';
import { directDoor } from './door.ts';
import type { Lab } from './rounds.ts';

/** A host of files for each round: it costs a few milliseconds. */
export const FAKE_LAB: Lab = {
  name: 'fake',
  sideBySide: 3,
  cycleMs: 1_200,
  roundsAHost: 1,
  async open() {
    const host = await startFakeHost();
    return { host, door: directDoor(host), proc: host.path('proc'), boundMs: 30_000, close: () => host.close() };
  },
};
