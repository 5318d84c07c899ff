/** Hosts of files for the tests of one file; they go away with it. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll } from 'vitest';
import { type FakeHost, startFakeHost } from '../lab/fake-host/fake-host.ts';
import { opId } from './call.ts';

/**
 * Of tests that have a host of their own each and mostly wait for time limits: what costs no processor need not be waited for one after the
 * other. All of them together take longer than each alone.
 */
export const sideBySide = { concurrent: true, timeout: 90_000 } as const;

/** Records of ops that ended long ago, or are yet to come: as old as `at` says. Of nobody there is a folder, without a word in it. */
export function recordedOps(
  host: FakeHost,
  count: number,
  at: Date,
  identity: 'human' | 'agent' | null = 'human',
): void {
  for (let index = 0; index < count; index += 1) {
    const folder = host.path('state/ops', opId());
    mkdirSync(folder);
    if (identity !== null) {
      writeFileSync(`${folder}/journal`, `1 accept start ${identity} x 1 ;\n2 end ok already_running ;\n`);
      utimesSync(`${folder}/journal`, at, at);
    }
    utimesSync(folder, at, at);
  }
}

const open: FakeHost[] = [];
afterAll(async () => {
  for (const host of open.splice(0)) await host.close();
});

export async function fakeHost(settings: Record<string, string | number> = {}): Promise<FakeHost> {
  const host = await startFakeHost(settings);
  open.push(host);
  return host;
}
