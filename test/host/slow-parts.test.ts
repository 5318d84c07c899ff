/** Tools of the host that take their time, and captures that wait for one another: each has a limit, and all of them together one. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { callWithMounts, canHaveMounts } from './own-mounts.ts';
import { turns } from './turns.ts';

const mounts = 'mount --bind "$1" "$(readlink -f "/usr/bin/$2")"';

/** In the place of one tool of the machine. */
function slowTool(host: FakeHost, tool: string): { mounts: string; words: string[] } {
  host.write('#!/bin/bash\nsleep 60\n', 'slow');
  chmodSync(host.path('slow'), 0o755);
  return { mounts, words: [host.path('slow'), tool] };
}

describe.skipIf(!canHaveMounts(mounts, ['/usr/bin/true', 'false']))(
  'evidence on a host that is slow (as root)',
  sideBySide,
  () => {
    const inTurn = turns(2);

    it.each([
      ['sync', 'evidence_not_stored'],
      ['sha256sum', 'evidence_not_stored'],
      ['du', null],
      ['sed', null],
    ])('where %s takes a minute is put away within its budget, or not called stored', async (tool, reason) => {
      const host = await fakeHost({ forensics_budget: 15 });
      const slow = slowTool(host, tool);
      const { result, took } = await inTurn(async () => {
        const began = performance.now();
        return {
          result: (await callWithMounts(host, slow, 'human', 'forensics')).document(),
          took: performance.now() - began,
        };
      });

      expect(took).toBeLessThan(20_000);
      expect(result).toMatchObject({ result: reason === null ? 'ok' : 'unknown', reason });
    });

    it('keeps nothing from which it could not strike the secrets in time, and says so', async () => {
      const host = await fakeHost({ forensics_budget: 10 });
      host.write(`${host.read('machine/config')}cipassword: hunter2hunter2\n`, 'machine/config');

      const result = (await callWithMounts(host, slowTool(host, 'sed'), 'ro', 'forensics')).document();

      const kept = (item: string): string => host.read('evidence', result.evidence?.id ?? '', item);
      expect(kept('config')).toMatch(/^\(there was no time to strike out its secrets/);
      expect(kept('manifest')).toContain('config not_kept_no_time_to_strike_out_secrets');
    });

    it('leaves what the disk did not take in time where it is', async () => {
      const host = await fakeHost({ forensics_budget: 10 });

      const result = (await callWithMounts(host, slowTool(host, 'sync'), 'ro', 'forensics')).document();

      expect(existsSync(host.path('evidence', result.evidence?.id ?? '', 'SHA256SUMS'))).toBe(true);
    });
  },
);

describe.skipIf(!canHaveMounts(mounts, ['/usr/bin/true', 'false']))(
  'a disk that takes nothing for a minute (as root)',
  sideBySide,
  () => {
    it('keeps a cycle from beginning, and never holds it with the VM off', async () => {
      const before = await fakeHost();
      expect((await callWithMounts(before, slowTool(before, 'sync'), 'human', 'cycle')).document()).toMatchObject({
        reason: 'journal_not_stored',
        touched: false,
      });

      const host = await fakeHost();
      // Slow from the stop on.
      host.write(`#!/bin/bash\n[[ ! -s ${host.path('power.log')} ]] || sleep 60\n`, 'slow');
      chmodSync(host.path('slow'), 0o755);
      const began = performance.now();
      const client = callWithMounts(host, { mounts, words: [host.path('slow'), 'sync'] }, 'human', 'cycle');
      await until('it runs again', () => host.power().length === 2, 60_000);

      expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
      expect(performance.now() - began).toBeLessThan(55_000);
      await client;
    });
  },
);

describe('a capture that waits for another', () => {
  it('has the same time as one that waits for nobody, and then says that others are under way', async () => {
    const host = await fakeHost({ forensics_budget: 3 });
    const hold = ['sh', '-c', 'echo held; exec sleep 60'];
    const other = spawn('flock', ['-n', host.path('state/forensics.lock'), ...hold], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => other.stdout.once('data', resolve));

    const { code, document } = await call(host, 'ro', 'forensics');

    process.kill(-other.pid!, 'SIGKILL');
    expect({ code, ...document() }).toMatchObject({ code: 4, reason: 'busy', touched: false });
  });
});
