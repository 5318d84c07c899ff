/** Which activities a worker has: adapters built from the configuration, given to the factories. Wiring only. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createAgentActivities } from '../activities/agent/activities.ts';
import { strandedSlots } from '../activities/checkout/absence.ts';
import { createLease, type Lease } from '../activities/checkout/lease.ts';
import { onlyWhereHeld } from '../activities/checkout/only-where-held.ts';
import { createTranscripts } from '../activities/agent/transcripts.ts';
import { createModel } from '../activities/model/model.ts';
import { createTriageActivities } from '../activities/brief/activities.ts';
import type { RepoGit } from '../activities/git/port.ts';
import { createMeter } from '../activities/metering/meter.ts';
import { createWatchActivities } from '../activities/deploy/activities.ts';
import type { CrashPoint } from '../activities/effects/crash-point.ts';
import { withoutCrashPoints, type AroundPort } from '../activities/effects/port-crash-points.ts';
import { createPerformEffect } from '../activities/effects/perform.ts';
import { createRedaction, type Redaction } from '../activities/evidence/redact.ts';
import { redactedReasons } from '../activities/evidence/redacted-reasons.ts';
import { redactingStore } from '../activities/evidence/redacting-store.ts';
import { createReport } from '../activities/report/report.ts';
import { createMoveActivities, EFFECT_MS } from '../activities/stages/move.ts';
import { createRunControlActivities } from '../activities/run/control.ts';
import { endingLastingFailures } from '../activities/stages/lasting-failures.ts';
import { createPrepareActivities } from '../activities/stages/prepare.ts';
import { createSetUp } from '../activities/stages/set-up.ts';
import { recordingTrouble } from '../activities/run/trouble.ts';
import { createStageActivities } from '../activities/stages/stages.ts';
import { createBwrapSandbox } from '../activities/sandbox/bwrap.ts';
import { createDispatchActivities } from '../activities/dispatch/activities.ts';
import { createAdmission } from '../activities/dispatch/admission.ts';
import { isKilled } from '../activities/pace/kill-switch.ts';
import type { IssueReader } from '../activities/tracker/issue-reader.ts';
import { knownSecrets } from '../config/known-secrets.ts';
import type { Config } from '../config/types.ts';
import type { Issue } from '../domain/issue.ts';
import type { Pool } from '../domain/pool.ts';
import type { RunRow, Store } from '../store/port.ts';
import type { ControlActivities, RepoActivities } from '../workflows/ports.ts';
import { hostName } from './host-name.ts';
import { createRepoAdapters } from './repo-adapters.ts';
import type { TemporalCalls } from './temporal.ts';
import { trackersOf } from './trackers.ts';
import { unitWorks } from './unit-works.ts';

export interface ActivitiesDeps {
  readonly config: Config;
  readonly store: Store;
  /** Known here only so that it can be struck out; null where no api runs beside. */
  readonly operatorToken: string | null;
  readonly calls: TemporalCalls;
  readonly crash: CrashPoint;
  /** What a test puts around each port; absent in production. */
  readonly around?: AroundPort;
  readonly now: () => number;
  /** The process is being stopped: what goes on for hours ends. */
  readonly stopping: AbortSignal;
}

export interface WorkerActivities {
  /** `opened` is told of the repo of each run that this process opens, so that its repo's worker is there at once. */
  readonly control: (opened: (repoKey: string) => Promise<void>) => ControlActivities;
  readonly ofRepo: (repoKey: string) => RepoActivities;
  readonly gitOf: (repoKey: string) => RepoGit;
  readonly lease: Lease;
}

export function createActivities(deps: ActivitiesDeps): WorkerActivities {
  const redaction = createRedaction(knownSecrets(deps.config, deps.operatorToken));
  const store = redactingStore((deps.around ?? withoutCrashPoints)('store', deps.store), redaction);
  const { config, now } = deps;
  const { unseenMs } = config.watchdog.limits;
  const host = hostName(config.dataDir);
  const lease = createLease({ checkouts: deps.store.checkouts, host, unseenMs, now });
  const pool = async (): Promise<Pool> => ({
    slots: config.slots + (await strandedSlots({ store, host, unseenMs, now })),
    reserves: {},
  });
  const made = createEndless({ ...deps, store, redaction, lease, pool });
  const ends = { store, redaction, now: deps.now };
  return {
    control: (opened) => {
      const beginning = beginningWhereHeld(made.control(opened), lease);
      return recordingTrouble(endingLastingFailures(beginning, CONTROL_WORK, ends), ends);
    },
    ofRepo: (repoKey) => {
      const held = onlyWhereHeld(made.ofRepo(repoKey), lease, repoKey);
      return recordingTrouble(endingLastingFailures(held, WORK, ends), ends);
    },
    gitOf: made.gitOf,
    lease,
  };
}

/** What waits in a queue is not begun for a host that may be gone. */
function beginningWhereHeld(control: ControlActivities, lease: Lease): ControlActivities {
  return {
    ...control,
    openRun: async (input) => ((await lease.mayBegin(input.repoKey)) ? control.openRun(input) : null),
  };
}

type EndlessDeps = Omit<ActivitiesDeps, 'operatorToken'> & {
  readonly redaction: Redaction;
  readonly lease: Lease;
  readonly pool: () => Promise<Pool>;
};

/** As they are by themselves: what one throws it may throw for ever. */
function createEndless(deps: EndlessDeps): Omit<WorkerActivities, 'lease'> {
  const { config, crash, now, stopping, store, redaction, lease, pool } = deps;
  const around = deps.around ?? withoutCrashPoints;
  const calls = around('lanes', deps.calls);
  const perform = createPerformEffect({ log: store.effects, crash, now });
  const sandbox = around(
    'sandbox',
    createBwrapSandbox({
      proxySocketDir: privateFolder(config, 'proxy'),
      ...(config.egress === undefined ? {} : { egress: config.egress }),
    }),
  );
  const partsOf = createRepoAdapters({ config, store, host: lease.host, sandbox, perform, around, now });
  const trackerOf = trackersOf(config, around, now);
  const issuesOf = (repoKey: string): IssueReader => trackerOf(repoKey).issues;

  const issueOfRun = (run: RunRow): Promise<Issue> => issueOf(issuesOf(run.repo).read(run.issue), run);
  const session = {
    store,
    now,
    redaction,
    model: around('model', createModel(config.model, config.egress)),
    modelConfig: config.model,
    transcripts: createTranscripts(store.sessions),
    meter: createMeter({ store, caps: config.caps, prices: config.model.prices, now }),
    isKilled: () => isKilled(store.control, config.dataDir),
  };
  const agent = createAgentActivities({
    ...session,
    sandbox,
    pool,
    scratchDir: privateFolder(config, 'scratch'),
    works: unitWorks({ store, partsOf, issueOf: issueOfRun }),
  });
  const { triage } = createTriageActivities({ ...session, issueOf: issueOfRun });
  const dispatch = createDispatchActivities({ config, store, issuesOf, lanes: calls, now, stopping });
  const report = createReport({ config, store, trackerOf, perform, now });
  const admit = createAdmission({ store, issuesOf, pool, dataDir: config.dataDir, now });
  const tellLane = (repoKey: string, runId: string): Promise<void> => calls.tellEnded(repoKey, runId);
  const move = createMoveActivities({ store, report, admit, tellLane, effectMs: EFFECT_MS, now });
  const run = createRunControlActivities({
    store,
    lanes: calls,
    honourSignals: config.temporal.unattributedSignals,
    now,
  });

  return {
    control: (opened) => ({
      ...run,
      ...dispatch,
      ...move,
      triage,
      modelTurn: agent.modelTurn,
      async openRun(input) {
        const next = await dispatch.openRun(input);
        if (next !== null) await opened(input.repoKey);
        return next;
      },
    }),

    gitOf: (repoKey) => partsOf(repoKey).git,

    ofRepo(repoKey) {
      const parts = partsOf(repoKey);
      const { git, gates, stages, environment, contractAt } = parts;
      const setUp = createSetUp({ sandbox, environment });
      return {
        ...redactedReasons(
          {
            ...createPrepareActivities({ store, admit, git, gates, contractAt, stages, now, setUp }),
            ...createStageActivities({
              store,
              git,
              gates,
              contractAt,
              perform,
              now,
              isKilled: () => isKilled(store.control, config.dataDir),
              issueOf: (run) => issuesOf(run.repo).read(run.issue),
            }),
            ...createWatchActivities({ store, git, stages, gates, contractAt, now }),
          },
          redaction,
        ),
        openSession: agent.openSession,
        runTool: agent.runTool,
        recordInterrupted: agent.recordInterrupted,
      };
    },
  };
}

/** What each does, as the reason says it when it can't be done. */
const CONTROL_WORK = { admit: 'reading the issue', triage: 'triage', modelTurn: 'the model turn' } as const;
const WORK: Readonly<Record<keyof RepoActivities, string>> = {
  readContract: 'reading the contract',
  prepareRun: 'preparing the run',
  awaitHeadMove: 'looking whether main has moved',
  verifyRun: 'the gates',
  pushRun: 'the push',
  mergeRun: 'the merge',
  watchDeploy: 'watching the deploy',
  judgeMain: 'judging main',
  proveHead: 'proving the head of main',
  openSession: 'opening the session',
  runTool: 'a tool call',
  recordInterrupted: 'recording a lost tool call',
};

function privateFolder({ dataDir }: Config, name: string): string {
  const folder = join(dataDir, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function issueOf(reading: Promise<Issue | null>, run: RunRow): Promise<Issue> {
  const issue = await reading;
  if (issue === null)
    throw new Error(`issue ${run.issue} of ${run.repoName} is gone from its tracker: cancel run ${run.id}`);
  return issue;
}
