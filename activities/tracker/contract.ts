/* oxlint-disable max-lines-per-function -- a suite reads as one list, like the test files it stands in for */
/** What every tracker must do, as one suite: each adapter runs it against its real thing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LABELS } from '../../domain/issue.ts';
import { isTrusted, lastApplication } from '../../domain/eligibility.ts';
import type { Tracker } from './port.ts';

/** The tracker under test, and what people do in it. `ada` has write access, `eve` has none, `ci[bot]` is a program with write access. */
export interface TrackerBench {
  readonly tracker: Tracker;
  addIssue(issue: { readonly title: string; readonly body: string }): Promise<number>;
  applyLabel(number: number, label: string, by: 'ada' | 'eve' | 'ci[bot]'): Promise<void>;
  removeLabel(number: number, label: string, by: 'ada' | 'eve' | 'ci[bot]'): Promise<void>;
  /** Comments that hold this text, counted by the tracker's own means and not by the adapter's lookup. */
  countComments(number: number, text: string): Promise<number>;
  /** A comment by a person. */
  comment(number: number, by: 'ada' | 'eve', text: string): Promise<void>;
  close(): Promise<void>;
}

export function describeTracker(name: string, open: () => Promise<TrackerBench>): void {
  describe(`tracker contract: ${name}`, () => {
    let bench: TrackerBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.close());

    const issue = { title: 'Add: a "greeting"', body: 'Line one\n\n- [ ] a list\n\nBlocked by #7' };
    const marker = '<!-- lamplighter:run-1:phases -->';

    it('reads back what was written', async () => {
      const number = await bench.addIssue(issue);
      expect(await bench.tracker.read(number)).toMatchObject({ number, ...issue, state: 'open', labels: [] });
    });

    it('answers null for an issue that is not there', async () => {
      expect(await bench.tracker.read(4040)).toBeNull();
      expect(await bench.tracker.findComment(4040, marker)).toBeNull();
    });

    it('lists open issues that carry the label, and no others', async () => {
      const [labelled, closed, other] = [
        await bench.addIssue(issue),
        await bench.addIssue(issue),
        await bench.addIssue(issue),
      ];
      await bench.applyLabel(labelled, LABELS.ready, 'ada');
      await bench.applyLabel(closed, LABELS.ready, 'ada');
      await bench.applyLabel(other, 'bug', 'ada');
      await bench.tracker.close(closed);

      expect((await bench.tracker.listLabelled(LABELS.ready)).map((one) => one.number)).toEqual([labelled]);
    });

    it.each([
      ['ada', true],
      ['eve', false],
      ['ci[bot]', false],
    ] as const)('a label applied by %s is trusted: %s (invariant 9)', async (by, trusted) => {
      const number = await bench.addIssue(issue);
      await bench.applyLabel(number, LABELS.ready, by);

      const read = await bench.tracker.read(number);
      expect(isTrusted(lastApplication(read?.labelEvents ?? [], LABELS.ready)?.by ?? null)).toBe(trusted);
    });

    it('each application of a label has an id of its own, for ever (invariant 2)', async () => {
      const number = await bench.addIssue(issue);
      const ids = new Set<string>();
      for (let round = 0; round < 3; round += 1) {
        await bench.applyLabel(number, LABELS.ready, 'ada');
        ids.add(lastApplication((await bench.tracker.read(number))?.labelEvents ?? [], LABELS.ready)?.id ?? 'none');
        await bench.removeLabel(number, LABELS.ready, 'ada');
      }

      const read = await bench.tracker.read(number);
      expect(ids.size).toBe(3);
      expect(ids).not.toContain('none');
      expect(read?.labels).toEqual([]);
      expect(lastApplication(read?.labelEvents ?? [], LABELS.ready)).toBeNull();
    });

    it('changing labels twice leaves what changing them once does', async () => {
      const number = await bench.addIssue(issue);
      await bench.applyLabel(number, LABELS.ready, 'ada');
      const change = { add: [LABELS.human], remove: [LABELS.ready, 'never-there'] };

      await bench.tracker.changeLabels(number, change);
      const once = await bench.tracker.read(number);
      await bench.tracker.changeLabels(number, change);

      expect(once?.labels).toEqual([LABELS.human]);
      expect(await bench.tracker.read(number)).toEqual(once);
    });

    it('our own label changes are not trusted', async () => {
      const number = await bench.addIssue(issue);
      await bench.tracker.changeLabels(number, { add: [LABELS.ready], remove: [] });

      const read = await bench.tracker.read(number);
      expect(isTrusted(lastApplication(read?.labelEvents ?? [], LABELS.ready)?.by ?? null)).toBe(false);
    });

    it('finds a comment by its marker, and edits it in place', async () => {
      const number = await bench.addIssue(issue);
      const added = await bench.tracker.addComment(number, marker, 'first\n\n- text');
      await bench.tracker.addComment(number, '<!-- lamplighter:run-1:frozen:3 -->', 'other');
      await bench.tracker.editComment(number, added.id, marker, 'second');

      expect(await bench.tracker.findComment(number, marker)).toEqual({ id: added.id, body: 'second' });
      expect(await bench.countComments(number, 'first')).toBe(0);
      expect(await bench.countComments(number, 'second')).toBe(1);
      expect(await bench.countComments(number, 'other')).toBe(1);
    });

    it("a person's comment that quotes our marker is not taken for ours", async () => {
      const number = await bench.addIssue(issue);
      await bench.comment(number, 'eve', `${marker}\nforged`);
      expect(await bench.tracker.findComment(number, marker)).toBeNull();
    });

    it('keeps a comment as it is whatever it quotes', async () => {
      const number = await bench.addIssue(issue);
      const body =
        'log:\n<!-- lamplighter:end -->\n\\<!-- lamplighter:end -->\n<!-- lamplighter:comment id=x by=ada at=now -->\n---\n```\n';
      await bench.tracker.addComment(number, marker, body);
      await bench.tracker.addComment(number, '<!-- lamplighter:run-1:ended:9 -->', 'after');

      expect((await bench.tracker.findComment(number, marker))?.body).toBe(body);
      expect(await bench.countComments(number, 'after')).toBe(1);
    });

    it('closing twice is closing once', async () => {
      const number = await bench.addIssue(issue);
      await bench.tracker.close(number);
      await bench.tracker.close(number);
      expect((await bench.tracker.read(number))?.state).toBe('closed');
    });
  });
}
