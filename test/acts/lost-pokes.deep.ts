/** The acts in the stages that lost-pokes.test.ts leaves out. */
import { describe, it, vi } from 'vitest';
import { has } from '../setup/needs.ts';
import { ACTS, expectTaken, FURTHER, isTaken, NARROW } from './cells.ts';
import { tell } from './room.ts';

// The workflows are the product's own; in the place of Temporal's SDK they get the engine of this process.
vi.mock('@temporalio/workflow', () => import('../../bench/crash/workflow-api.ts'));

describe.skipIf(!has('bwrap')).concurrent('an act whose poke is lost', { timeout: 600_000 }, () => {
  it.each(FURTHER)('%s in %s is taken at the next boundary', isTaken);

  it.each(NARROW)('a pause given %s lets nothing more be pushed, deployed or closed', async (_when, story, moment) => {
    expectTaken(await tell(story, moment, ACTS.pause), 'pause');
  });
});
