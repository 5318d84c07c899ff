/** A watchdog over a real store, with a clock that the test moves and a Temporal that says what the test wants it to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { CAPS, NO_DEPLOY, WATCHDOG } from '../../config/defaults.ts';
import { localIssues } from '../../config/trackers/local.ts';
import type { Config } from '../../config/types.ts';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import type { RunState } from '../../domain/stage.ts';
import { HOUR, MINUTE, NOW } from '../../domain/watchdog/rig.ts';
import type { Observation, TemporalLook } from '../../domain/watchdog/observation.ts';
import { openStore } from '../../store/open.ts';
import type { RunRow, Store } from '../../store/port.ts';
import { noCrash } from '../effects/crash-point.ts';
import { createPerformEffect } from '../effects/perform.ts';
import { createLogNotifier } from '../notify/channels/log.ts';
import type { Notifier } from '../notify/port.ts';
import { createPost, type Post } from '../notify/post.ts';
import { POLLER_FACT } from '../dispatch/poll.ts';
import { observe } from './observe.ts';
import { createPing } from './ping.ts';
import { WORKER_FACTS } from './show-worker.ts';
import { createWatchdog, type Watchdog } from './watchdog.ts';

export { HOUR, MINUTE, NOW };

/** A day as long as half an hour: every look is a real one. */
const LIMITS: Config['watchdog']['limits'] = {
  ...WATCHDOG.limits,
  slotMs: 20 * MINUTE,
  baseRedMs: 21 * MINUTE,
  pauseMs: 22 * MINUTE,
  approvalMs: 23 * MINUTE,
  frozenMs: 24 * MINUTE,
  killSwitchMs: 25 * MINUTE,
  capMs: 26 * MINUTE,
  diskFreeBytes: 1,
};

export const REPO: Config['repos'][number] = {
  key: 'shop-1',
  name: 'acme/shop',
  remote: '/nowhere',
  branch: 'main',
  tracker: localIssues('/nowhere'),
  pushEnv: {},
  deploy: { ...NO_DEPLOY, timeoutSeconds: 1 },
};

export interface WatchRig {
  readonly store: Store;
  readonly dataDir: string;
  /** What reached the log, one object a delivery. */
  readonly delivered: {
    readonly escalation: string;
    readonly topic: string;
    readonly run: string | null;
    readonly decision: string;
  }[];
  readonly said: string[];
  clock: number;
  temporal: TemporalLook;
  /** Worker and poller show themselves at each look while it holds. */
  alive: boolean;
  /** Thrown by whoever is to deliver. */
  refuse: Error | null;
  /** Thrown by the store at every write of the watchdog: another process holds its lock. Reads go on. */
  unwritable: Error | null;
  /** Takes the place of the real look. */
  instead: (() => Promise<Observation>) | null;
  readonly config: { limits: Config['watchdog']['limits']; caps: Config['caps'] };
  watchdog(): Watchdog;
  /** A new process over the same store. */
  restart(): void;
  /** Looks each minute, and lets the post pass, until so much time has passed. */
  pass(ms: number): Promise<void>;
  addRun(state: RunState | null, repo?: string): Promise<RunRow>;
  move(run: string, state: RunState, cause: string): Promise<void>;
  topics(): string[];
  close(): Promise<void>;
}

export async function openWatchRig(): Promise<WatchRig> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchdog-'));
  const store = await openStore({ kind: 'sqlite', file: join(dataDir, 'store.db') }, join(dataDir, 'blobs'));
  await store.control.setKillSwitch({ on: false, by: 'ada', note: 'armed', at: NOW });
  const delivered: WatchRig['delivered'] = [];
  const stream = lines((line) => delivered.push(JSON.parse(line) as (typeof delivered)[number]));
  const log = createLogNotifier({ stream });
  const notifier: Notifier = {
    deliver: (row, link) => (rig.refuse === null ? log.deliver(row, link) : Promise.reject(rig.refuse)),
  };
  let watchdog: Watchdog;
  let post: Post;

  function create(): Watchdog {
    const now = (): number => rig.clock;
    return createWatchdog({
      store: withLock(store, () => rig.unwritable),
      config: {
        everyMs: 1,
        get limits() {
          return rig.config.limits;
        },
      },
      look: () => rig.instead?.() ?? lookOf(rig),
      ping: createPing(null),
      notifier,
      publicUrl: 'http://lamplighter.test',
      now,
      say: (line) => rig.said.push(line),
    });
  }

  const rig: WatchRig = {
    store,
    dataDir,
    delivered,
    said: [],
    clock: NOW,
    temporal: { ok: true, stuck: [], gone: [] },
    alive: true,
    refuse: null,
    unwritable: null,
    instead: null,
    config: { limits: LIMITS, caps: CAPS },
    watchdog: () => watchdog,
    restart() {
      watchdog = create();
      post = postOf(rig, notifier);
    },
    async pass(ms) {
      for (const end = rig.clock + ms; ;) {
        if (rig.alive) {
          await store.control.setFact(`${WORKER_FACTS}one`, { stopped: false }, rig.clock);
          await store.control.setFact(POLLER_FACT, { held: 0 }, rig.clock);
        }
        await watchdog.look();
        await post.pass();
        if (rig.clock >= end) return;
        rig.clock += MINUTE;
      }
    },
    async addRun(state, repo = REPO.key) {
      const id = `run-of-${repo}`;
      const made = await store.runs.create({
        id,
        repo,
        repoName: 'acme/shop',
        issue: 7,
        title: 'Round prices',
        release: `release-${id}`,
        bounds: DEFAULT_BOUNDS,
        at: rig.clock,
      });
      if (!made.created) throw new Error(`no run: ${made.why}`);
      if (state !== null) await rig.move(id, state, 'test');
      return made.run;
    },
    async move(run, state, cause) {
      const seq = ((await store.runs.get(run))?.seq ?? 0) + 1;
      await store.runs.transition(run, { seq, state, effects: [], cause, at: rig.clock });
    },
    topics: () => watchdog.standing().findings.map((one) => one.topic),
    async close() {
      await store.close();
      await rm(dataDir, { recursive: true });
    },
  };
  rig.restart();
  return rig;
}

function lookOf({ store, dataDir, config: { caps }, ...rig }: WatchRig): Promise<Observation> {
  const config = { dataDir, repos: [REPO], caps, pollSeconds: 30 };
  return observe({ store, config, temporal: async () => rig.temporal, now: () => rig.clock });
}

function postOf(rig: WatchRig, notifier: Notifier): Post {
  const now = (): number => rig.clock;
  return createPost({
    store: withLock(rig.store, () => rig.unwritable),
    perform: createPerformEffect({ log: rig.store.effects, crash: noCrash, now }),
    notifier,
    publicUrl: 'http://lamplighter.test',
    now,
    say: (line) => rig.said.push(line),
  });
}

/** The store as a process sees it while another holds the lock: read as ever, and no write of a watchdog gets through. */
function withLock(store: Store, lock: () => Error | null): Pick<Store, 'control' | 'events' | 'escalations'> {
  const { control, events, escalations } = store;
  const write = <R>(act: () => Promise<R>): Promise<R> => {
    const error = lock();
    return error === null ? act() : Promise.reject(error);
  };
  return {
    control: { ...control, setFact: (...fact) => write(() => control.setFact(...fact)) },
    events: { ...events, append: (event) => write(() => events.append(event)) },
    escalations: {
      ...escalations,
      raise: (row) => write(() => escalations.raise(row)),
      delivered: (...how) => write(() => escalations.delivered(...how)),
    },
  };
}

function lines(take: (line: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      take(chunk.toString());
      done();
    },
  });
}
