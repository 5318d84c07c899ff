/** Which activities a worker has: adapters built from the configuration, given to the factories. Wiring only. */
import { createAgentActivities } from '../activities/agent/activities.ts';
import { createModel } from '../activities/agent/model.ts';
import type { CrashPoint } from '../activities/effects/crash-point.ts';
import { createPerformEffect } from '../activities/effects/perform.ts';
import { createLogNotifier } from '../activities/notify/log.ts';
import { createRunControlActivities } from '../activities/run/control.ts';
import { createTrackerActivities } from '../activities/tracker/activities.ts';
import { createBwrapSandbox } from '../activities/sandbox/bwrap.ts';
import type { Config } from '../config/types.ts';
import type { Store } from '../store/port.ts';
import type { ControlActivities, RepoActivities } from '../workflows/ports.ts';
import { createRepoParts } from './repo-parts.ts';
import type { TemporalCalls } from './temporal.ts';
import { trackersOf } from './trackers.ts';

export interface ActivitiesDeps {
  readonly config: Config;
  readonly store: Store;
  readonly calls: TemporalCalls;
  readonly crash: CrashPoint;
  readonly now: () => number;
}

export interface WorkerActivities {
  /** `granted` is told of each lane that this process grants, so that its repo's worker is there at once. */
  control(granted: (repoKey: string) => Promise<void>): ControlActivities;
  ofRepo(repoKey: string): RepoActivities;
}
