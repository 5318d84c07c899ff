/** Hosts of files for the tests of one file; they go away with it. */
import { afterAll } from 'vitest';
import { type FakeHost, startFakeHost } from '../lab/fake-host/fake-host.ts';

/**
 * Of tests that have a host of their own each and mostly wait for time limits: what costs no processor need not be waited for one after the
 * other. All of them together take longer than each alone.
 */
export const sideBySide = { concurrent: true, timeout: 90_000 } as const;

const open: FakeHost[] = [];
afterAll(async () => {
  for (const host of open.splice(0)) await host.close();
});

export async function fakeHost(settings: Record<string, string | number> = {}): Promise<FakeHost> {
  const host = await startFakeHost(settings);
  open.push(host);
  return host;
}
