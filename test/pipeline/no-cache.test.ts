import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { runWorkflowId } from '../../domain/run.ts';
import { ended, openRig, type Rig } from './rig.ts';
import { MULTIPLY } from './scenarios.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('a worker that caches no workflow', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ maxCachedWorkflows: 0 });
  });
  afterAll(() => rig.close());

  it('ships, though every workflow task replays its history from the first event (invariant 14)', async () => {
    rig.scenario('Multiply two numbers', MULTIPLY);
    const issue = await rig.release('Multiply two numbers');
    const run = await rig.run(issue.number, ended, 90_000);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(rig.pushes()).toHaveLength(1);
    const { events } = await rig.client.workflow.getHandle(runWorkflowId(run.id)).fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  });
});
