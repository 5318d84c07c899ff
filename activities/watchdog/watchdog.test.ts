/** The watchdog over a real store with a clock that is moved by hand; Temporal alone is stood in for, at its port. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { killSwitchFile } from '../../config/kill-switch-file.ts';
import { capsAt } from '../../domain/caps.ts';
import type { RunState } from '../../domain/stage.ts';
import { progress } from '../../domain/watchdog/rig.ts';
import { isHeldByCap } from '../run/caps.ts';
import { HOUR, MINUTE, NOW, openWatchRig, REPO, type WatchRig } from './watch-rig.ts';
import { runSubject } from '../../domain/unit.ts';

const SESSION: RunState = { stage: 'implement', progress: progress({ openings: 1 }), brief: { kind: 'implement' } };
const FROZEN: RunState = {
  stage: 'frozen',
  progress: progress({ pushed: 's' }),
  sha: 's',
  since: NOW,
  reason: 'health is red',
  proving: null,
};
const RUN = 'run-of-shop-1';

let rig: WatchRig;
beforeEach(async () => {
  rig = await openWatchRig();
});
afterEach(() => rig.close());

function addAct(kind: 'cancel' | 'steer'): Promise<unknown> {
  const by = { name: 'ada', kind: 'person', scopes: [] } as const;
  return rig.store.acts.add({ id: `act-${kind}`, run: RUN, data: { kind }, by, note: 'because', at: rig.clock });
}

async function releaseIssue(): Promise<void> {
  const release = { id: 'e1', label: 'ready-for-agent', action: 'added', by: null, at: NOW } as const;
  await rig.store.queue.replace(REPO.key, [{ repo: REPO.key, issue: 7, title: 't', priority: 1, release }], NOW);
}

/** What each row of the store, and nothing else, must let it notice. */
const things: readonly {
  readonly what: string;
  readonly topic: string;
  readonly after: number;
  readonly happens: () => Promise<unknown>;
}[] = [
  {
    what: 'a run that shows nothing in its session',
    topic: 'run-silent',
    after: 40 * MINUTE,
    happens: () => rig.addRun(SESSION),
  },
  {
    what: 'a run that shows nothing in prepare, by what its contract allows',
    topic: 'run-silent',
    after: 16 * MINUTE,
    happens: async () => {
      await rig.addRun({ stage: 'prepare', progress: progress(), redBase: null, waiting: false });
      await rig.store.control.setFact(`checks/${RUN}`, MINUTE, NOW);
    },
  },
  { what: 'a run that stays frozen', topic: 'frozen', after: 24 * MINUTE, happens: () => rig.addRun(FROZEN) },
  {
    what: 'a run that nobody approves',
    topic: 'approval',
    after: 23 * MINUTE,
    happens: () => rig.addRun({ stage: 'awaiting-approval', progress: progress(), head: 'h', since: NOW }),
  },
  {
    what: 'a run that nobody resumes',
    topic: 'paused',
    after: 22 * MINUTE,
    happens: () => rig.addRun({ ...SESSION, progress: progress({ pause: { by: 'ada', note: 'act 1', since: NOW } }) }),
  },
  {
    what: 'a run whose main stays red',
    topic: 'base-red',
    after: 21 * MINUTE,
    happens: () => rig.addRun({ stage: 'prepare', progress: progress(), redBase: 'm', waiting: true }),
  },
  {
    what: 'a run that gets no slot',
    topic: 'no-slot',
    after: 20 * MINUTE,
    happens: async () => {
      await rig.addRun(SESSION);
      await rig.store.capacity.acquire(runSubject(RUN), { slots: 0, reserves: {} }, NOW);
    },
  },
  {
    what: 'an act that nobody takes',
    topic: 'act-unread',
    after: 15 * MINUTE,
    happens: async () => {
      await rig.addRun({ stage: 'watch', progress: progress({ pushed: 's' }), sha: 's' });
      await addAct('cancel');
    },
  },
  {
    what: 'a run whose workflow is gone',
    topic: 'vanished',
    after: 3 * MINUTE,
    happens: async () => {
      await rig.addRun(SESSION);
      rig.temporal = { ok: true, stuck: [], gone: [RUN] };
    },
  },
  {
    what: 'a workflow task that fails again and again',
    topic: 'workflow-stuck',
    after: 3 * MINUTE,
    happens: async () => {
      const stuck = [{ workflow: `run/${RUN}`, run: RUN, repo: REPO.key, attempt: 9 }];
      rig.temporal = { ok: true, stuck, gone: [] };
    },
  },
  {
    what: 'Temporal that does not answer',
    topic: 'temporal-unreachable',
    after: 3 * MINUTE,
    happens: async () => {
      rig.temporal = { ok: false, reason: 'ECONNREFUSED' };
    },
  },
  {
    what: 'a free lane that starts nothing',
    topic: 'lane-idle',
    after: 15 * MINUTE,
    happens: releaseIssue,
  },
  {
    what: 'a tracker that cannot be read',
    topic: 'tracker-unreadable',
    after: 15 * MINUTE,
    happens: () => rig.store.control.setFact(`tracker-failure/${REPO.key}`, 'ENOENT', NOW),
  },
  {
    what: 'the kill switch, on by its file alone while a run stands',
    topic: 'kill-switch',
    after: 25 * MINUTE,
    happens: async () => {
      await rig.addRun(SESSION);
      writeFileSync(killSwitchFile(rig.dataDir), '');
    },
  },
  {
    what: 'a reached cap while an issue waits',
    topic: 'cap-reached',
    after: 26 * MINUTE,
    happens: async () => {
      const none = { dayMicroUsd: 9_000_000, monthMicroUsd: 0 };
      rig.config.caps = { total: none, anyRepo: { dayMicroUsd: 9_000_000, monthMicroUsd: 9_000_000 }, repos: {} };
      await releaseIssue();
    },
  },
];

describe('the watchdog', () => {
  it.each(things)(
    'notices $what, at its limit and not before, and a person reads it',
    async ({ topic, after, happens }) => {
      await rig.pass(0);
      await happens();
      await rig.pass(after - MINUTE);
      expect([rig.topics(), rig.delivered]).toEqual([[], []]);
      await rig.pass(MINUTE);

      expect(rig.topics()).toEqual([topic]);
      expect(rig.delivered).toMatchObject([{ topic, decision: expect.stringContaining('What to do: ') as string }]);
      const [row] = await rig.store.escalations.list({});
      expect(row).toMatchObject({ topic, severity: 'high', deliveredAt: rig.clock });
    },
  );

  it('notices a worker that hangs', async () => {
    await rig.pass(0);
    rig.alive = false;
    await rig.store.control.setFact('poller', { held: 0 }, NOW + HOUR);
    await rig.pass(3 * MINUTE);

    expect(rig.delivered).toMatchObject([
      { topic: 'worker-unseen', decision: expect.stringContaining('worker one') as string },
    ]);
  });

  it('notices a poller that does not read', async () => {
    await rig.pass(0);
    rig.alive = false;
    await rig.store.control.setFact('worker/one', { stopped: false }, NOW + HOUR);
    await rig.pass(3 * MINUTE);

    expect(rig.delivered.map((one) => one.topic)).toEqual(['poller-unseen']);
  });

  it('notices a disk with too little room', async () => {
    rig.config.limits = { ...rig.config.limits, diskFreeBytes: 2 ** 60 };
    await rig.pass(0);

    expect(rig.delivered).toMatchObject([
      { topic: 'disk-full', decision: expect.stringContaining(rig.dataDir) as string },
    ]);
  });

  it('takes turns and tool results for progress, and calls, acts and repeated attempts for none', async () => {
    const { store } = rig;
    await rig.addRun(SESSION);
    await store.sessions.open({ id: 's', unit: runSubject(RUN), system: '', at: NOW });
    await rig.pass(39 * MINUTE);
    const result = { session: 's', turn: 1, toolUseId: 't', content: 'ok', isError: false, at: rig.clock };
    const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
    await store.sessions.commitTurn({
      session: 's',
      turn: 1,
      content: [],
      stopReason: 'tool_use',
      model: 'm',
      usage,
      microUsd: 1,
      at: rig.clock,
    });
    await store.sessions.putResult(result);
    await rig.pass(39 * MINUTE);
    expect(rig.topics()).toEqual([]);

    await addAct('steer');
    await store.events.append({ at: rig.clock, subject: `run/${RUN}`, kind: 'turn.restarted', data: null });
    await rig.pass(MINUTE);
    expect(rig.topics()).toEqual(['run-silent']);
    await rig.pass(10 * MINUTE);
    expect(rig.topics()).toEqual(['run-silent']);
  });

  it('calls once for one occurrence, also over a restart of its process, and says when it is over', async () => {
    await rig.addRun(SESSION);
    await rig.pass(41 * MINUTE);
    rig.restart();
    await rig.pass(5 * MINUTE);
    expect(rig.delivered).toHaveLength(1);

    await rig.move(RUN, FROZEN, 'failed');
    await rig.pass(MINUTE);
    rig.restart();
    await rig.pass(MINUTE);
    const events = await rig.store.events.after(0, { subject: `run/${RUN}`, limit: 100 });
    expect(events.filter((one) => one.kind === 'escalation.settled').map((one) => one.data)).toEqual([
      { key: rig.delivered[0]?.escalation, topic: 'run-silent', since: NOW },
    ]);
  });
});

it('two watchdogs at once call once', async () => {
  await rig.addRun(FROZEN);
  const one = rig.watchdog();
  rig.restart();
  const other = rig.watchdog();
  rig.clock = NOW + 24 * MINUTE;
  await Promise.all([one.look(), other.look()]);
  await rig.pass(0);

  expect(rig.delivered.filter(({ topic }) => topic === 'frozen')).toHaveLength(1);
});

it('a call about a reached cap, which is raised by the lane, reaches a person', async () => {
  const caps = {
    total: { dayMicroUsd: 0, monthMicroUsd: 9 },
    anyRepo: { dayMicroUsd: 9, monthMicroUsd: 9 },
    repos: {},
  };
  await isHeldByCap({ store: rig.store, caps, now: () => NOW }, { key: REPO.key, name: REPO.name });
  await rig.pass(MINUTE);

  expect(rig.delivered.map((one) => one.escalation)).toEqual([capsAt(caps, null, NOW)[0]?.key]);
});

describe('a look that fails', () => {
  it('is said once, is itself a call when it lasts, without the store, and is over when it sees again', async () => {
    rig.instead = () => Promise.reject(new Error('the database is locked'));
    await rig.pass(2 * MINUTE);
    expect(rig.said).toEqual(['a look of the watchdog failed: the database is locked']);
    expect(rig.watchdog().standing().failure).toBe('the database is locked');
    expect(rig.delivered).toEqual([]);
    await rig.pass(8 * MINUTE);
    expect(rig.delivered).toMatchObject([
      { topic: 'watchdog-blind', decision: expect.stringContaining('the database is locked') as string },
    ]);

    rig.instead = null;
    await rig.pass(0);
    expect(rig.said.at(-1)).toBe('the watchdog sees again');
    expect(rig.watchdog().standing()).toMatchObject({ failure: null, lookedAt: rig.clock });
  });

  it('calls by its name for the worker that hangs with the lock of the store in its hand, once, and records it later', async () => {
    await rig.pass(MINUTE);
    rig.alive = false;
    rig.unwritable = new Error('the database is locked');
    await rig.pass(8 * MINUTE);
    expect(rig.delivered.map((one) => one.topic)).toEqual(['worker-unseen', 'watchdog-blind']);
    expect(await rig.store.escalations.list({})).toEqual([]);

    rig.unwritable = null;
    await rig.pass(MINUTE);
    expect(rig.delivered).toHaveLength(2);
    expect(await rig.store.escalations.list({})).toMatchObject([
      { topic: 'worker-unseen', deliveredAt: expect.any(Number) as number },
    ]);
    rig.alive = true;
    await rig.pass(MINUTE);
    expect(rig.said.at(-1)).toContain('worker-unseen is over');
    expect(rig.delivered).toHaveLength(2);
  });

  it('calls again where the store and the pager were both down', async () => {
    await rig.pass(MINUTE);
    rig.alive = false;
    rig.unwritable = new Error('the database is locked');
    rig.refuse = new Error('the pager is down');
    await rig.pass(6 * MINUTE);
    expect(rig.said.some((line) => line.startsWith('worker one was last seen'))).toBe(true);
    rig.refuse = null;
    rig.unwritable = null;
    await rig.pass(MINUTE);

    expect(rig.delivered.map((one) => one.topic)).toEqual(['worker-unseen']);
  });

  it('does not hide behind a pager that is down too', async () => {
    rig.instead = () => Promise.reject(new Error('the database is locked'));
    rig.refuse = new Error('the pager is down');
    await rig.pass(4 * MINUTE);

    expect(rig.said.at(-1)).toContain('nobody could be told: the pager is down');
  });

  it('with the real store gone is one as well', async () => {
    const gone = await openWatchRig();
    await gone.pass(0);
    await gone.store.close();
    await gone.watchdog().look();

    expect(gone.watchdog().standing().failure).not.toBeNull();
    await gone.close().catch(() => undefined);
  });
});
