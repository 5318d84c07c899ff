import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGateEvidence } from '../../api/runs/gate-evidence.ts';
import { has } from '../setup/needs.ts';
import { ended, openRig, SOON, type Rig } from './rig.ts';
import { MULTIPLY } from './scenarios.ts';
import { runSubject } from '../../domain/unit.ts';

describe.skipIf(!has('temporal') || !has('bwrap'))(
  'an issue from label to healthy deploy',
  { timeout: 120_000 },
  () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await openRig();
    });
    afterAll(() => rig.close());

    it('ships with one push, one phase comment, a closed issue and evidence for every gate', async () => {
      rig.scenario('Multiply two numbers', MULTIPLY);

      const issue = await rig.release('Multiply two numbers');
      const run = await rig.run(issue.number, ended);

      expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
      expect(rig.pushes()).toHaveLength(1);
      expect(rig.git('rev-parse', 'main')).toBe(run.state.progress.pushed);
      const messages = rig.git('log', '--format=%B', `${run.state.progress.base}..main`);
      expect(messages).toContain(`Refs #${issue.number}`);
      expect(messages).toContain(`Lamplighter-Run: ${run.id}`);

      const closed = await rig.tracker.read(issue.number);
      expect(closed?.state).toBe('closed');
      expect(closed?.labels).toEqual([]);
      expect(await rig.tracker.comments(issue.number)).toHaveLength(1);

      const evidence = await rig.store.evidence.list(runSubject(run.id));
      for (const kind of ['triage', 'base', 'guard', 'red', 'regression', 'green', 'push', 'build']) {
        expect(evidence.filter((one) => one.kind === kind && one.verdict !== 'red').map((one) => one.kind)).toContain(
          kind,
        );
      }
      expect(
        rig
          .modelRequests()
          .filter((one) => one.kind === 'step')
          .map((one) => one.step),
      ).toEqual([0, 1, 2]);
    });

    it('leaves word for the watchdog: the time that its checks may take, and that its worker and poller are there', async () => {
      const [run] = await rig.store.runs.list({});
      expect(await rig.store.control.fact(`checks/${run?.id}`)).toBe(60_000);
      expect(await rig.store.control.facts('worker/')).toMatchObject([{ value: { stopped: false } }]);
      expect(await rig.store.control.facts('poller')).toMatchObject([{ value: { held: 0 } }]);
    });

    it('its gates lay red and green side by side by the id of each test', async () => {
      const [run] = await rig.store.runs.list({});
      const rows = await rig.store.evidence.list(runSubject(run?.id ?? ''));
      for (const kind of ['red', 'regression', 'green'] as const) {
        const evidence = rows.find((one) => one.kind === kind);
        const read = evidence === undefined ? null : await readGateEvidence(rig.store.evidence, evidence);
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
      expect(guard === undefined ? undefined : await readGateEvidence(rig.store.evidence, guard)).toBeNull();
    });

    it('holds its lane alone: no slot is held and nothing waits after the end', async () => {
      await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);
      expect(await rig.store.queue.waiting('demo-lib')).toEqual([]);
    });

    it('is used up: the same release never runs again, a new application of the label does (invariant 2)', async () => {
      const first = (await rig.store.runs.list({}))[0];
      expect(first?.outcome).toBe('shipped');
      await rig.tracker.reopen(first?.issue ?? 0);
      await rig.calls.pollNow();

      rig.scenario('Multiply two numbers', { triage: { reject: 'It is there already.' }, steps: [] });
      await rig.tracker.applyLabel(first?.issue ?? 0, 'ready-for-agent', 'ada');
      await rig.calls.pollNow();
      const second = await rig.run(first?.issue ?? 0, (run) => run.id !== first?.id && ended(run));

      expect(second.outcome).toBe('rejected');
      expect(await rig.store.runs.list({})).toHaveLength(2);
      expect((await rig.tracker.read(second.issue))?.labels).toEqual(['ready-for-human']);
    });
  },
);
