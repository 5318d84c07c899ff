import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGateEvidence } from '../../api/runs/gate-evidence.ts';
import { has } from '../setup/needs.ts';
import { ended, openBench, SOON, type Bench } from './bench.ts';
import { MULTIPLY } from './scenarios.ts';
import { runSubject } from '../../domain/unit.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))(
  'an issue from label to healthy deploy',
  { timeout: 120_000 },
  () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench();
    });
    afterAll(() => bench.close());

    it('ships with one push, one phase comment, a closed issue and evidence for every gate', async () => {
      bench.scenario('Multiply two numbers', MULTIPLY);

      const issue = await bench.release('Multiply two numbers');
      const run = await bench.run(issue.number, ended);

      expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
      expect(bench.pushes()).toHaveLength(1);
      expect(bench.git('rev-parse', 'main')).toBe(run.state.progress.pushed);
      const messages = bench.git('log', '--format=%B', `${run.state.progress.base}..main`);
      expect(messages).toContain(`Refs #${issue.number}`);
      expect(messages).toContain(`Lamplighter-Run: ${run.id}`);

      const closed = await bench.tracker.read(issue.number);
      expect(closed?.state).toBe('closed');
      expect(closed?.labels).toEqual([]);
      expect(await bench.tracker.comments(issue.number)).toHaveLength(1);

      const evidence = await bench.store.evidence.list(runSubject(run.id));
      for (const kind of ['triage', 'base', 'guard', 'red', 'regression', 'green', 'push', 'build']) {
        expect(evidence.filter((one) => one.kind === kind && one.verdict !== 'red').map((one) => one.kind)).toContain(
          kind,
        );
      }
      expect(
        bench
          .modelRequests()
          .filter((one) => one.kind === 'step')
          .map((one) => one.step),
      ).toEqual([0, 1, 2]);
    });

    it('leaves word for the watchdog: the time that its checks may take, and that its worker and poller are there', async () => {
      const [run] = await bench.store.runs.list({});
      expect(await bench.store.control.fact(`checks/${run?.id}`)).toBe(60_000);
      expect(await bench.store.control.facts('worker/')).toMatchObject([{ value: { stopped: false } }]);
      expect(await bench.store.control.facts('poller')).toMatchObject([{ value: { held: 0 } }]);
    });

    it('its gates lay red and green side by side by the id of each test', async () => {
      const [run] = await bench.store.runs.list({});
      const rows = await bench.store.evidence.list(runSubject(run?.id ?? ''));
      for (const kind of ['red', 'regression', 'green'] as const) {
        const evidence = rows.find((one) => one.kind === kind);
        const read = evidence === undefined ? null : await readGateEvidence(bench.store.evidence, evidence);
        expect(read?.table.groups.proofs.rows).toMatchObject([
          {
            id: expect.stringContaining('multiply') as string,
            cells: { base: 'absent', red: 'failed', regression: 'absent', green: 'passed' },
            isNew: true,
            isProof: true,
          },
        ]);
        expect(read?.table.groups.same.rows.map((row) => row.cells)).toEqual([
          { base: 'passed', red: 'passed', regression: 'passed', green: 'passed' },
        ]);
      }
      const guard = rows.find((one) => one.kind === 'guard');
      expect(guard === undefined ? undefined : await readGateEvidence(bench.store.evidence, guard)).toBeNull();
    });

    it('holds its lane alone: no slot is held and nothing waits after the end', async () => {
      await expect.poll(() => bench.store.capacity.held(), SOON).toEqual([]);
      expect(await bench.store.queue.waiting('demo-lib')).toEqual([]);
    });

    it('is used up: the same release never runs again, a new application of the label does (invariant 2)', async () => {
      const first = (await bench.store.runs.list({}))[0];
      expect(first?.outcome).toBe('shipped');
      await bench.tracker.reopen(first?.issue ?? 0);
      await bench.calls.pollNow();

      bench.scenario('Multiply two numbers', { triage: { reject: 'It is there already.' }, steps: [] });
      await bench.tracker.applyLabel(first?.issue ?? 0, 'ready-for-agent', 'ada');
      await bench.calls.pollNow();
      const second = await bench.run(first?.issue ?? 0, (run) => run.id !== first?.id && ended(run));

      expect(second.outcome).toBe('rejected');
      expect(await bench.store.runs.list({})).toHaveLength(2);
      expect((await bench.tracker.read(second.issue))?.labels).toEqual(['ready-for-human']);
    });
  },
);
