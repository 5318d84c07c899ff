/** Hosts of files for the tests of one file; they go away with it. */
import { afterAll } from 'vitest';
import { type FakeHost, startFakeHost } from '../lab/fake-host/fake-host.ts';

const open: FakeHost[] = [];
afterAll(async () => {
  for (const host of open.splice(0)) await host.close();
});

export async function fakeHost(settings: Record<string, string | number> = {}): Promise<FakeHost> {
  const host = await startFakeHost(settings);
  open.push(host);
  return host;
}
