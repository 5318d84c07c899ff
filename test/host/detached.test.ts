/** Facts 5.1: by what an op is detached. A systemd that runs is not to be had in a test; what is asked of it is. */
import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, opId } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

function standIn(host: FakeHost, body: string): void {
  host.write(`#!/bin/bash\nprintf '%s\\n' "$*" >>${host.path('units')}\n${body}\n`, 'bin/systemd-run');
  chmodSync(host.path('bin/systemd-run'), 0o755);
  host.configure({ detach: 'systemd', systemd_run: host.path('bin/systemd-run') });
}

describe('5.1: an op is detached', sideBySide, () => {
  it('as a unit of systemd, which is named after VM and op and leaves nothing behind', async () => {
    const host = await fakeHost();
    standIn(host, 'while [[ $1 == --* ]]; do [[ $1 == --unit ]] && shift; shift; done; exec setsid -f "$@"');
    const op = opId();

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
    // On a busy machine the client may start a second one, which finds the first at work: a unit of its own as well.
    const units = host.read('units').trim().split('\n');
    const unit = new RegExp(
      `^--quiet --collect --unit breakglass-102-${op}-\\d+-\\d+ \\S+/breakglass-host --config \\S+ --run ${op}$`,
    );
    for (const line of units) expect(line).toMatch(unit);
    expect(new Set(units).size).toBe(units.length);
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('without a unit where systemd refuses, and says so in the log', async () => {
    const host = await fakeHost();
    standIn(host, 'echo "Failed to connect to bus" >&2; exit 1');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
    expect(host.read('log')).toContain('systemd-run: rc=1 Failed to connect to bus; starting it without a unit');
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});
