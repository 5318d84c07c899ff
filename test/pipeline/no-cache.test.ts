import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { runWorkflowId } from '../../domain/run.ts';
import { ended, openBench, type Bench } from './bench.ts';
import { MULTIPLY } from './scenarios.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))('a worker that caches no workflow', { timeout: 120_000 }, () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ maxCachedWorkflows: 0 });
  });
  afterAll(() => bench.close());

  it('ships, though every workflow task replays its history from the first event (invariant 14)', async () => {
    bench.scenario('Multiply two numbers', MULTIPLY);
    const issue = await bench.release('Multiply two numbers');
    const run = await bench.run(issue.number, ended, 90_000);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(bench.pushes()).toHaveLength(1);
    const { events } = await bench.client.workflow.getHandle(runWorkflowId(run.id)).fetchHistory();
    expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  });
});
