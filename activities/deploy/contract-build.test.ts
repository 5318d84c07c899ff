import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { inActivity, openRig, RUN, type Rig } from './watch-rig.ts';
import { runSubject } from '../../domain/unit.ts';

describe.skipIf(!has('bwrap'))('the build stage, in the sandbox', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
  });
  afterEach(async () => {
    await rig.close();
  });

  function start(build: readonly string[], command: string | null = null) {
    const sandbox = createBwrapSandbox({ proxySocketDir: join(rig.dir, 'proxy') });
    return rig.start({ build, sandbox, target: { command, env: { TOKEN: 'p4ssw0rd-of-the-cluster' } } });
  }

  it('runs the commands of the contract on a clean checkout, and only then the deploy', async () => {
    const { watchDeploy } = start(
      ['test "$(cat app.txt)" = one', 'echo built > app.txt'],
      'grep one "$LAMPLIGHTER_SOURCE/app.txt"',
    );

    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({
      kind: 'green',
      proven: ['build', 'deploy'],
    });
    expect((await rig.store.evidence.list(runSubject(RUN))).map(({ kind, verdict }) => [kind, verdict])).toEqual([
      ['build', 'green'],
      ['deploy', 'green'],
    ]);
  });

  it('is red at the first command that fails, names it, and deploys nothing', async () => {
    const { watchDeploy } = start(['true', 'echo no such module >&2; exit 4', 'true'], `touch ${rig.dir}/deployed`);

    const judged = await inActivity(watchDeploy, { runId: RUN, sha: rig.sha });

    expect(judged).toMatchObject({ kind: 'red', stage: 'build' });
    expect(judged).toHaveProperty(
      'reason',
      expect.stringContaining('exited with 4 on a clean checkout: no such module'),
    );
    expect((await rig.store.evidence.list(runSubject(RUN))).map(({ kind, verdict }) => [kind, verdict])).toEqual([
      ['build', 'red'],
    ]);
    expect(() => rig.lines('deployed')).toThrow('ENOENT');
  });

  it('whose service does not start says nothing of the commit: it is tried again', async () => {
    const sandbox = createBwrapSandbox({ proxySocketDir: join(rig.dir, 'proxy') });
    const services = [{ kind: 'redis', bin: '/usr/no-such-redis', port: 46_381 }] as const;
    const { watchDeploy } = rig.start({ build: ['true'], sandbox, services });

    await expect(inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).rejects.toThrow(
      '`true` was not run: the service redis on port 46381 did not start',
    );
    expect(await rig.store.evidence.list(runSubject(RUN))).toEqual([]);
  });

  it('is not run again when the worker died after it was judged', async () => {
    const real = createBwrapSandbox({ proxySocketDir: join(rig.dir, 'proxy') });
    let builds = 0;
    const sandbox: Sandbox = {
      probe: () => real.probe(),
      run(command) {
        builds += 1;
        return real.run(command);
      },
    };
    const given = { build: ['true'], sandbox, target: { command: 'true' } };
    const dying = rig.start({
      ...given,
      crash(point) {
        if (point === 'deploy.before') throw new Error('died before the deploy');
      },
    });
    await expect(inActivity(dying.watchDeploy, { runId: RUN, sha: rig.sha })).rejects.toThrow('died before');

    const { watchDeploy } = rig.start(given);
    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({
      kind: 'green',
      proven: ['build', 'deploy'],
    });
    expect(builds).toBe(1);
  });

  it('sees neither the data of Lamplighter nor the environment of the deploy (invariant 3)', async () => {
    const hidden = `test ! -e ${join(rig.dir, 'store.db')} && test ! -e ${dirname(rig.dir)}/watch-* && test -z "$TOKEN"`;
    const { watchDeploy } = start([hidden]);

    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({ kind: 'green', proven: ['build'] });
  });
});
