/** A run whose call for a person cannot be delivered. */
import { describe, expect, it, vi } from 'vitest';
import { noCrash } from '../../activities/effects/crash-point.ts';
import { createPerformEffect } from '../../activities/effects/perform.ts';
import { createPost } from '../../activities/notify/post.ts';
import type { Table } from '../../bench/crash/table.ts';
import { LABELS } from '../../domain/issue.ts';
import type { EscalationRow, RunRow } from '../../store/port.ts';
import { has } from '../setup/needs.ts';
import { tell } from './room.ts';
import { GIVES_UP } from './stories.ts';

vi.mock('@temporalio/workflow', () => import('../../bench/crash/workflow-api.ts'));

const NEVER = { activity: 'none', when: 'before' } as const;

describe.skipIf(!has('bwrap'))('a run whose agent gives up while the channel is dead', { timeout: 240_000 }, () => {
  it('ends needs-human with label and comment, and the call is delivered once the channel is back', async () => {
    const heard: EscalationRow[] = [];
    let isDead = true;

    async function look({ store, tracker }: Table, run: RunRow): Promise<void> {
      const post = createPost({
        store,
        perform: createPerformEffect({ log: store.effects, crash: noCrash, now: Date.now }),
        notifier: {
          async deliver(row) {
            if (isDead) throw new Error('the pager is down');
            heard.push(row);
          },
        },
        publicUrl: 'http://h',
        // Each pass comes when another try is due.
        now: () => (clock += 60_000),
        say: () => undefined,
      });
      let clock = Date.now();
      await post.pass();
      const issue = await tracker.read(run.issue);
      expect(issue?.labels).toEqual([LABELS.human]);
      const comments = (await tracker.comments(run.issue)).map((one) => one.text);
      expect(comments.filter((text) => text.includes(':needs-human:'))).toHaveLength(1);
      expect(await store.escalations.list({ undelivered: true })).toMatchObject([{ topic: 'needs-human' }]);

      isDead = false;
      await post.pass();
      await post.pass();
      expect(heard).toMatchObject([{ run: run.id, topic: 'needs-human' }]);
      expect(await store.escalations.list({ undelivered: true })).toEqual([]);
    }

    const { run } = await tell(GIVES_UP, NEVER, () => ({ kind: 'cancel' }), look);
    expect(run.outcome).toBe('needs-human');
  });
});
