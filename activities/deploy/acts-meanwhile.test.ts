/** What people do to a run while its deploy command is at work. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestedAct } from '../../domain/act.ts';
import { FRESH } from '../../domain/stage.ts';
import { inActivity, openRig, RUN, type Rig } from './watch-rig.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const by = { name: 'ada', kind: 'person', scopes: [] } as const;

async function move(seq: number, cause: string): Promise<void> {
  const state = { stage: 'watch', progress: FRESH.progress, sha: rig.sha } as const;
  await rig.store.runs.transition(RUN, { seq, state, effects: [], cause, at: 1 });
}

/** A deploy that is stopped, for what `kinds` ask, when it has done half. Says what it came to do. */
async function stoppedHalfWay(...kinds: ('pause' | 'cancel')[]): Promise<string[]> {
  const half = join(rig.dir, 'half');
  const command = `touch ${half}; sleep 3; echo whole >> ${rig.dir}/log`;
  const environment = new MockActivityEnvironment();
  const watching = inActivity(
    rig.start({ target: { command } }).watchDeploy,
    { runId: RUN, sha: rig.sha },
    environment,
  );
  const stopped = expect(watching).rejects.toThrow();
  await expect.poll(() => existsSync(half)).toBe(true);
  for (const kind of kinds) {
    const data: RequestedAct = { kind };
    await rig.store.acts.add({ id: `act-${kind}`, run: RUN, data, by, note: 'why', at: 1 });
  }
  environment.cancel();
  await stopped;
  return existsSync(join(rig.dir, 'log')) ? rig.lines('log') : [];
}

describe('a deploy command at work', () => {
  it('is brought to its end before a pause holds the run: half a deploy is no place to stop at', async () => {
    expect(await stoppedHalfWay('pause')).toEqual(['whole']);
    expect((await rig.store.evidence.list(runSubject(RUN))).map(({ kind, verdict }) => [kind, verdict])).toEqual([
      ['deploy', 'green'],
    ]);
  });

  it('is stopped at once by a cancellation, also where a pause was asked for before', async () => {
    expect(await stoppedHalfWay('pause', 'cancel')).toEqual([]);
  });

  it('is not run again when a grant came in the meantime and the worker died', async () => {
    await move(1, 'pushed');
    const target = { command: `echo deployed >> ${rig.dir}/log` };
    await inActivity(rig.start({ target }).watchDeploy, { runId: RUN, sha: rig.sha });
    await move(2, 'grant');
    await inActivity(rig.start({ target }).watchDeploy, { runId: RUN, sha: rig.sha });
    expect(rig.lines('log')).toEqual(['deployed']);
  });
});
