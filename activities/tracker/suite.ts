/* oxlint-disable max-lines-per-function -- a suite reads as one list, like the test files it stands in for */
/** What every tracker must do, as one suite: each adapter runs it against its real thing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LABELS } from '../../domain/issue.ts';
import { isTrusted, lastApplication } from '../../domain/eligibility.ts';
import { createIssueReader, type IssueReader } from './issue-reader.ts';
import type { Cursor, Reading, Tracker } from './port.ts';

/** The tracker under test, and what people do in it. `ada` has write access, `eve` has none, `ci[bot]` is a program with write access. */
export interface TrackerRig {
  readonly tracker: Pick<Tracker, 'reads' | 'writes'>;
  /** `blockedBy`: as the tracker itself knows it, apart from what the body says. */
  addIssue(issue: RigIssue): Promise<number>;
  reopen(number: number): Promise<void>;
  applyLabel(number: number, label: string, by: 'ada' | 'eve' | 'ci[bot]'): Promise<void>;
  removeLabel(number: number, label: string, by: 'ada' | 'eve' | 'ci[bot]'): Promise<void>;
  /** Comments that hold this text, counted by the tracker's own means and not by the adapter's lookup. */
  countComments(number: number, text: string): Promise<number>;
  /** A comment by a person. */
  comment(number: number, by: 'ada' | 'eve', text: string): Promise<void>;
  close(): Promise<void>;
}

export interface RigIssue {
  readonly title: string;
  readonly body: string;
  readonly blockedBy?: readonly number[];
}

export function describeTracker(name: string, open: () => Promise<TrackerRig>): void {
  describe(`tracker contract: ${name}`, () => {
    let rig: TrackerRig;
    let issues: IssueReader;
    beforeEach(async () => {
      rig = await open();
      issues = createIssueReader(rig.tracker.reads);
    });
    afterEach(() => rig.close());

    const issue = { title: 'Add: a "greeting"', body: 'Line one\n\n- [ ] a list\n\nBlocked by #7' };
    const marker = '<!-- lamplighter:run-1:phases -->';

    it('reads back what was written', async () => {
      const number = await rig.addIssue(issue);
      expect(await issues.read(number)).toMatchObject({ number, ...issue, state: 'open', labels: [] });
    });

    it('answers null for an issue that is not there', async () => {
      expect(await issues.read(4040)).toBeNull();
      expect(await rig.tracker.writes.findComment(4040, marker)).toBeNull();
    });

    it('lists open issues that carry the label, and no others', async () => {
      const [labelled, closed, other] = [
        await rig.addIssue(issue),
        await rig.addIssue(issue),
        await rig.addIssue(issue),
      ];
      await rig.applyLabel(labelled, LABELS.ready, 'ada');
      await rig.applyLabel(closed, LABELS.ready, 'ada');
      await rig.applyLabel(other, 'bug', 'ada');
      await rig.tracker.writes.close(closed);

      expect((await issues.ready()).issues.map((one) => one.number)).toEqual([labelled]);
    });

    it.each([
      ['ada', true],
      ['eve', false],
      ['ci[bot]', false],
    ] as const)('a label applied by %s is trusted: %s (invariant 9)', async (by, trusted) => {
      const number = await rig.addIssue(issue);
      await rig.applyLabel(number, LABELS.ready, by);

      const read = await issues.read(number);
      expect(isTrusted(lastApplication(read?.labelEvents ?? [], LABELS.ready)?.by ?? null)).toBe(trusted);
    });

    it('each application of a label has an id of its own, for ever (invariant 2)', async () => {
      const number = await rig.addIssue(issue);
      const ids = new Set<string>();
      for (let round = 0; round < 3; round += 1) {
        await rig.applyLabel(number, LABELS.ready, 'ada');
        ids.add(lastApplication((await issues.read(number))?.labelEvents ?? [], LABELS.ready)?.id ?? 'none');
        await rig.removeLabel(number, LABELS.ready, 'ada');
      }

      const read = await issues.read(number);
      expect(ids.size).toBe(3);
      expect(ids).not.toContain('none');
      expect(read?.labels).toEqual([]);
      expect(lastApplication(read?.labelEvents ?? [], LABELS.ready)).toBeNull();
    });

    it('changing labels twice leaves what changing them once does', async () => {
      const number = await rig.addIssue(issue);
      await rig.applyLabel(number, LABELS.ready, 'ada');
      const change = { add: [LABELS.human], remove: [LABELS.ready, 'never-there'] };

      await rig.tracker.writes.changeLabels(number, change);
      const once = await issues.read(number);
      await rig.tracker.writes.changeLabels(number, change);

      expect(once?.labels).toEqual([LABELS.human]);
      expect(await issues.read(number)).toEqual(once);
    });

    it('our own label changes are not trusted', async () => {
      const number = await rig.addIssue(issue);
      await rig.tracker.writes.changeLabels(number, { add: [LABELS.ready], remove: [] });

      const read = await issues.read(number);
      expect(isTrusted(lastApplication(read?.labelEvents ?? [], LABELS.ready)?.by ?? null)).toBe(false);
    });

    it('names what blocks an issue, and how each of that stands', async () => {
      const [open, closed] = [await rig.addIssue(issue), await rig.addIssue(issue)];
      await rig.tracker.writes.close(closed);
      const number = await rig.addIssue({ ...issue, blockedBy: [open, closed, 4040] });

      expect(new Set((await issues.read(number))?.blockedBy)).toEqual(new Set([open, closed, 4040]));
      expect(read(await rig.tracker.reads.blockers(number, null)).toSorted((a, b) => a.number - b.number)).toEqual([
        { number: open, state: 'open' },
        { number: closed, state: 'closed' },
        { number: 4040, state: 'unknown' },
      ]);
    });

    it.each(['readyIssues', 'issue', 'labelEvents', 'blockers'] as const)(
      '%s: whoever asks with a cursor is told what a whole reading says, or that nothing has changed',
      async (question) => {
        const number = await rig.addIssue({ ...issue, blockedBy: [4040] });
        await rig.applyLabel(number, LABELS.ready, 'ada');
        const { reads, writes } = rig.tracker;
        const ask = (since: Cursor | null): Promise<Reading<unknown>> =>
          question === 'readyIssues' ? reads.readyIssues(since) : reads[question](number, since);

        const first = await ask(null);
        expect(first.kind).toBe('read');
        for (const change of [
          () => rig.removeLabel(number, LABELS.ready, 'ada'),
          () => rig.applyLabel(number, LABELS.ready, 'eve'),
          () => writes.close(number),
          () => rig.reopen(number),
        ]) {
          const before = await ask(null);
          if (before.kind === 'unchanged') throw new Error('it was asked for the whole');
          const same = await ask(before.cursor);
          if (same.kind === 'read') expect(same.value).toEqual(before.value);
          await change();
          const after = await ask(before.cursor);
          expect(after.kind === 'read' ? after.value : before.value).toEqual(read(await ask(null)));
        }
      },
    );

    it('says of each answer what its limit leaves us, or that it sets none', async () => {
      const number = await rig.addIssue(issue);
      const { left } = await rig.tracker.reads.issue(number, null);
      if (left !== null) expect(left.requests).toBeGreaterThanOrEqual(0);
      expect(issues.left()).toBeNull();
      await issues.read(number);
      expect(issues.left() === null).toBe(left === null);
    });

    it('finds a comment by its marker, and edits it in place', async () => {
      const number = await rig.addIssue(issue);
      const added = await rig.tracker.writes.addComment(number, marker, 'first\n\n- text');
      await rig.tracker.writes.addComment(number, '<!-- lamplighter:run-1:frozen:3 -->', 'other');
      await rig.tracker.writes.editComment(number, added.id, marker, 'second');

      expect(await rig.tracker.writes.findComment(number, marker)).toEqual({ id: added.id, body: 'second' });
      expect(await rig.countComments(number, 'first')).toBe(0);
      expect(await rig.countComments(number, 'second')).toBe(1);
      expect(await rig.countComments(number, 'other')).toBe(1);
    });

    it("a person's comment that quotes our marker is not taken for ours", async () => {
      const number = await rig.addIssue(issue);
      await rig.comment(number, 'eve', `${marker}\nforged`);
      expect(await rig.tracker.writes.findComment(number, marker)).toBeNull();
    });

    it('keeps a comment as it is whatever it quotes', async () => {
      const number = await rig.addIssue(issue);
      const body =
        'log:\n<!-- lamplighter:end -->\n\\<!-- lamplighter:end -->\n<!-- lamplighter:comment id=x by=ada at=now -->\n---\n```\n';
      await rig.tracker.writes.addComment(number, marker, body);
      await rig.tracker.writes.addComment(number, '<!-- lamplighter:run-1:ended:9 -->', 'after');

      expect((await rig.tracker.writes.findComment(number, marker))?.body).toBe(body);
      expect(await rig.countComments(number, 'after')).toBe(1);
    });

    it('closing twice is closing once', async () => {
      const number = await rig.addIssue(issue);
      await rig.tracker.writes.close(number);
      await rig.tracker.writes.close(number);
      expect((await issues.read(number))?.state).toBe('closed');
    });
  });
}

function read<T>(reading: Reading<T>): T {
  if (reading.kind === 'unchanged') throw new Error('it was asked for the whole');
  return reading.value;
}
