/** Every act once, and every stage once, with the poke lost: taken at the next boundary. All of both together: lost-pokes.deep.ts. */
import { describe, expect, it, vi } from 'vitest';
import { has } from '../setup/needs.ts';
import { ACTS, COVER, expectTaken, isTaken, NARROW } from './cells.ts';
import { tell } from './room.ts';
import * as stories from './stories.ts';

// The workflows are the product's own; in the place of Temporal's SDK they get the engine of this process.
vi.mock('@temporalio/workflow', () => import('../../bench/crash/workflow-api.ts'));

describe.skipIf(!has('bwrap')).concurrent('an act whose poke is lost', { timeout: 600_000 }, () => {
  it.each(COVER)('%s in %s is taken at the next boundary', isTaken);

  it.each(NARROW)('a cancel given %s lets nothing more be pushed, deployed or closed', async (_when, story, moment) => {
    expectTaken(await tell(story, moment, ACTS.cancel), 'cancel');
  });

  it('a rejection that comes with an approval is not pushed past', async () => {
    const approved = { ...stories.ASKS, first: { at: 'awaitAct', act: 'approve' } } as const;
    const told = await tell(approved, { activity: 'awaitAct', when: 'before' }, ACTS.reject);

    expectTaken(told, 'reject');
    expect(told.run.state.stage).toBe('implement');
  });

  it('a steer of what was submitted sends it back: nothing is pushed past it', async () => {
    const told = await tell(stories.SHIPS, { activity: 'verifyRun', when: 'after' }, ACTS.steer);

    expect([told.act?.takenAt, told.after]).toEqual([expect.any(Number), []]);
    expect(told.run.state).toMatchObject({ stage: 'implement', brief: { kind: 'rejected', by: 'ada' } });
  });

  it('a wait for a person goes on listening after an act that left it where it was', async () => {
    const told = await tell(stories.GRANTED, { activity: 'awaitAct', call: 2, when: 'before' }, ACTS.approve);

    expect(told.act?.takenAt).not.toBeNull();
    expect(told.run.state).toMatchObject({ stage: 'push', progress: { granted: { turns: 1 } } });
  });

  it('a pause opens no second session, and none after it', async () => {
    const told = await tell(stories.SHIPS, { activity: 'modelTurn', when: 'before' }, ACTS.pause);

    expectTaken(told, 'pause');
    expect(told.calls).toMatchObject({ openSession: 1, modelTurn: 1 });
  });
});
