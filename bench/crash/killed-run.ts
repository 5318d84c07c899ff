/**
 * One run under real Temporal whose worker process is killed again and again: half of its lives end at whichever of a few armed points
 * they pass first, the others at a moment of the seed's choice after the run has moved.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { absent } from '../../activities/git/absent.ts';
import type { Seeded } from '../../playground/seeded.ts';
import type { RunRow } from '../../store/port.ts';
import { deleteSchedule } from '../../test/setup/schedules.ts';
import { createTemporalCalls } from '../../workers/temporal.ts';
import { lastWords } from './last-words.ts';
import { plantLocks } from './locks.ts';
import { createPatience, type Patience } from './patience.ts';
import { setTable, type Table } from './table.ts';
import type { Story } from './stories.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';
import { worldOf, type World } from './world.ts';
import { runSubject } from '../../domain/unit.ts';

export interface KilledRun {
  readonly run: RunRow | null;
  readonly world: World;
  readonly deaths: readonly { readonly point: string; readonly turnsLost: number }[];
  /** Times that a worker ended by itself. */
  readonly restarts: number;
  readonly recoveryMs: readonly number[];
  readonly gaveUp: string | null;
  readonly lastWords: string | null;
  /** Locks that the dead have left. */
  readonly faults: readonly string[];
  readonly actsLost: readonly string[];
  readonly undone: readonly string[];
}

export interface KilledRunInput {
  readonly story: Story;
  readonly seeded: Seeded;
  readonly temporalAddress: string;
  /** Names the run's own namespace. */
  readonly namespace: string;
  readonly deaths: number;
  /** At a run in which nothing moves, before it is taken for stuck. */
  readonly looks: number;
  /** Asked before each death: whether there is to be another one. */
  readonly goOn: () => boolean;
}

/** Beside effects, store writes and what is done with git, sandbox and model. */
const POINTS = [
  'phases phases-edit label push deploy close notify comment',
  'store.effects.begin store.effects.done store.runs.create store.runs.transition store.runs.settled store.runs.setPlan',
  'store.capacity.acquire store.capacity.release store.evidence.put store.control.setFact',
  'store.sessions.open store.sessions.addInput store.sessions.commitTurn store.sessions.putResult',
  'store.ledger.reserve store.ledger.settle model.call sandbox.run program.run',
  'git.refresh git.openWorktree git.importBundle git.checkOut git.push',
  'tracker.changeLabels tracker.addComment tracker.editComment tracker.close',
].flatMap((line) => line.split(' ').flatMap((name) => [`${name}.before`, `${name}.after`]));
const ARMED = 8;
const LOOK_EVERY_MS = 100;

export async function runUnderKills(input: KilledRunInput): Promise<KilledRun> {
  const { story, seeded, temporalAddress: address, namespace } = input;
  const temporal = { address, namespace, webUrl: null, unattributedSignals: false };
  const table = await setTable({ stories: [story], temporal, heartbeatSeconds: 2 });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const calls = createTemporalCalls(client);
  // A server under strain may not say: then it is asked again.
  const watch = watchRun(table, (run) => calls.isOpen(run.id).catch(() => true));
  const deaths: { point: string; turnsLost: number }[] = [];
  const locks: string[] = [];
  let restarts = 0;
  let worker: WorkerProcess | null = null;
  try {
    await table.release(story);
    for (;;) {
      const isLast = deaths.length >= input.deaths || !input.goOn();
      const isArmed = !isLast && seeded.between(0, 1) === 0;
      const begun = startWorkerProcess(table, { points: isArmed ? arm(seeded) : [] });
      worker = begun;
      const timed = isLast || isArmed ? null : killSoon(begun, watch, seeded.between(0, 4_000));
      const patience = createPatience({ looks: input.looks, now: Date.now });
      const over = await untilOver(begun, watch, patience);
      if (over !== 'died') {
        // What the run has left is complete: this is no death of it.
        begun.kill();
        await begun.died;
        await timed;
        const run = await watch.run();
        const world = run === null ? {} : await worldOf(table, run);
        const words = run === null || run.outcome === story.outcome ? null : await lastWords(table.store, run);
        const gaveUp = over === 'late' ? patience.inWords() : null;
        const nobody = { actsLost: [], undone: [] };
        const told = { run, world, deaths, recoveryMs: watch.recoveryMs, gaveUp, lastWords: words, faults: locks };
        return { ...told, ...nobody, restarts };
      }
      await timed;
      const point = await begun.died;
      // Ended by itself, as when Temporal does not answer: no death of ours, but nothing that may cost more either.
      const turnsLost = await watch.turnsLost();
      if (point === null) restarts += 1;
      else deaths.push({ point, turnsLost });
      await watch.afterDeath();
      // Every other time: what a death costs without them is to be seen as well.
      const run = (await watch.run())?.id ?? null;
      if (seeded.between(0, 1) === 0) locks.push(...plantLocks(table, seeded, { run, inCommand: false }));
    }
  } finally {
    worker?.kill();
    await connection.close();
    await table.close();
    // A courtesy to the runs beside this one, and no part of what it found.
    await deleteSchedule({ address, namespace }).catch(() => undefined);
  }
}

function arm(seeded: Seeded): { point: string; at: number }[] {
  return Array.from({ length: ARMED }, () => ({
    point: POINTS[seeded.between(0, POINTS.length - 1)] ?? 'any',
    at: seeded.between(1, 2),
  }));
}

async function killSoon(worker: WorkerProcess, watch: Watch, ms: number): Promise<void> {
  await worker.ready;
  while (worker.isAlive() && !(await watch.hasMoved())) await delay(LOOK_EVERY_MS);
  await delay(ms);
  worker.kill();
}

async function untilOver(worker: WorkerProcess, watch: Watch, patience: Patience): Promise<'died' | 'ended' | 'late'> {
  for (;;) {
    if (!worker.isAlive()) return 'died';
    await watch.hasMoved();
    if (await watch.hasEnded()) return 'ended';
    patience.look(watch.seen());
    if (patience.isOver()) return 'late';
    await delay(LOOK_EVERY_MS);
  }
}

interface Watch {
  /** The run's record when it was last looked at: changes when that does. */
  readonly seen: () => string;
  readonly recoveryMs: readonly number[];
  run(): Promise<RunRow | null>;
  /** Whether the run's record has changed since the last death. */
  hasMoved(): Promise<boolean>;
  hasEnded(): Promise<boolean>;
  /** Since the death before: model calls that no committed turn holds. */
  turnsLost(): Promise<number>;
  afterDeath(): Promise<void>;
}

function watchRun({ store, modelLog }: Table, isOpen: (run: RunRow) => Promise<boolean>): Watch {
  const recoveryMs: number[] = [];
  let lost = 0;
  let diedAt: number | null = null;
  let mark = '';
  let seen = '';

  async function run(): Promise<RunRow | null> {
    return (await store.runs.list({ limit: 1 }))[0] ?? null;
  }

  async function markOf(): Promise<string> {
    const row = await run();
    if (row === null) return '';
    const effects = await store.effects.list(runSubject(row.id));
    const attempts = effects.reduce((sum, one) => sum + one.attempts + (one.done ? 1 : 0), 0);
    const evidence = await store.evidence.list(runSubject(row.id));
    const events = await store.events.after(0, { subject: runSubject(row.id), limit: 100_000 });
    return `${attempts} ${evidence.length} ${events.length}`;
  }

  return {
    seen: () => seen,
    recoveryMs,
    run,
    async hasMoved() {
      const now = await markOf();
      seen = now;
      if (now === mark) return false;
      if (diedAt !== null) recoveryMs.push(Date.now() - diedAt);
      diedAt = null;
      return true;
    },
    async hasEnded() {
      const row = await run();
      return row !== null && row.outcome !== null && !(await isOpen(row));
    },
    async turnsLost() {
      const row = await run();
      const committed = row === null ? 0 : await store.sessions.countTurns(runSubject(row.id));
      const now = callsIn(modelLog) - committed - lost;
      lost += now;
      return now;
    },
    async afterDeath() {
      diedAt ??= Date.now();
      mark = await markOf();
    },
  };
}

function callsIn(modelLog: string): number {
  let text: string;
  try {
    text = readFileSync(modelLog, 'utf8');
  } catch (error) {
    absent(error);
    return 0;
  }
  return text.split('\n').filter((line) => line !== '').length;
}
