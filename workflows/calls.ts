/**
 * Every activity call of ours: where it runs, how long it may take, what a person reads of it in Temporal Web.
 * Retries without a bound are on purpose: an outage of the store, tracker or remote is waited out, and on the
 * worker's side what can't heal becomes data (docs/adr/0013).
 */
import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import { repoTaskQueue } from '../domain/repo.ts';
import type { ControlActivities, RepoActivities } from './ports.ts';
import { headOf } from '../domain/text.ts';

type Shape = Omit<ActivityOptions, 'taskQueue' | 'summary'>;

/** Nothing short heartbeats: this is how long a dead worker's share of it stays unnoticed. */
const SHORT = '15 seconds';

/** A short effect or a store write. */
const brief: Shape = {
  startToCloseTimeout: SHORT,
  retry: { initialInterval: '1 second', backoffCoefficient: 1.5, maximumInterval: '30 seconds' },
};

/** Several effects and writes, one after another: a dead worker's share of them is noticed by its silence. */
export function moving(heartbeatSeconds: number): Shape {
  return { ...brief, startToCloseTimeout: '10 minutes', heartbeatTimeout: heartbeatSeconds * 1000 };
}

/** A look at everything that gives up: what it looks at may hang, and there is another one who looks. */
export const bounded: Shape = {
  startToCloseTimeout: '45 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 3 },
};

/** A wait that writes no history: the activity fails until the thing is there. */
export function waiting(everyMs: number): Shape {
  return {
    startToCloseTimeout: SHORT,
    retry: { initialInterval: everyMs, backoffCoefficient: 1 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  };
}

/** Work on the checkout or a model call: heartbeats, and a cancelled one is waited for, so that nothing goes on behind us. */
export function long(heartbeatSeconds: number): Shape {
  return {
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: heartbeatSeconds * 1000,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
}

/** As `long`, but with one attempt: what it did is unknown when it is lost, so it is never blindly repeated. */
export function once(heartbeatSeconds: number): Shape {
  return { ...long(heartbeatSeconds), retry: { maximumAttempts: 1 } };
}

export function control(summary: string, shape: Shape = brief): ControlActivities {
  return proxyActivities<ControlActivities>({ ...shape, taskQueue: 'control', summary: headOf(summary, 190) });
}

export function onHost(repoKey: string, summary: string, shape: Shape): RepoActivities {
  return proxyActivities<RepoActivities>({
    ...shape,
    taskQueue: repoTaskQueue(repoKey),
    summary: headOf(summary, 190),
  });
}
