/** What workflows import from Temporal's SDK, over the engine in this process: put in its place by load-workflows.ts. */
import { randomUUID } from 'node:crypto';
import {
  ActivityFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import type { ActivityOptions } from '@temporalio/workflow';
import { ContinueAsNew, here, openScope, within } from './engine.ts';

type Workflow = (input: unknown) => Promise<unknown>;
interface ChildOptions {
  readonly args: readonly [unknown];
  readonly workflowId: string;
}
interface Signal {
  readonly name: string;
}

export { ActivityFailure };
export const ActivityCancellationType = {
  TRY_CANCEL: 'TRY_CANCEL',
  WAIT_CANCELLATION_COMPLETED: 'WAIT',
  ABANDON: 'ABANDON',
};
export const ChildWorkflowCancellationType = { ABANDON: 'ABANDON' };
export const ParentClosePolicy = { ABANDON: 'ABANDON' };
export const WorkflowIdReusePolicy = { REJECT_DUPLICATE: 'REJECT_DUPLICATE' };
export const log = { info: nothing, warn: nothing };
export const uuid4 = randomUUID;

/** Titles and search attributes: nobody looks. */
function nothing(): void {
  // Deliberately empty.
}
export { nothing as setCurrentDetails, nothing as upsertSearchAttributes };

export function workflowInfo(): { readonly continueAsNewSuggested: boolean } {
  return { continueAsNewSuggested: false };
}

export function proxyActivities(
  options: ActivityOptions,
): Readonly<Record<string, (input: unknown) => Promise<unknown>>> {
  return new Proxy(
    {},
    {
      get: (_target, name) => (input: unknown) => {
        const { engine, scope } = here();
        return engine.activity(String(name), input, options, scope);
      },
    },
  );
}

export function condition(holds: () => boolean): Promise<void> {
  const { engine, scope } = here();
  return engine.until(holds, scope);
}

export function sleep(duration: string | number): Promise<void> {
  const { engine, scope } = here();
  // Of the words for a duration the workflows use one.
  const ms = typeof duration === 'number' ? duration : Number.parseInt(duration, 10) * 60_000;
  return engine.sleep(ms, scope);
}

export class CancellationScope {
  readonly #made = openScope(here().scope);

  run<T>(work: () => Promise<T>): Promise<T> {
    return within(this.#made.scope, work);
  }

  cancel(): void {
    this.#made.cancel();
  }

  static current(): { readonly cancelRequested: Promise<never> } {
    return { cancelRequested: here().scope.cancelled };
  }

  static nonCancellable<T>(work: () => Promise<T>): Promise<T> {
    return within(openScope(null).scope, work);
  }
}

export function isCancellation(error: unknown): boolean {
  const wraps = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return error instanceof CancelledFailure || (wraps && isCancellation(error.cause));
}

export async function startChild(
  workflow: Workflow,
  { args, workflowId }: ChildOptions,
): Promise<{ readonly workflowId: string; result(): Promise<unknown> }> {
  const result = here().engine.start(workflowId, workflow, args[0]);
  if (result === null) throw new WorkflowExecutionAlreadyStartedError('already started', workflowId, workflow.name);
  return { workflowId, result: () => Promise.race([here().scope.cancelled, result]) };
}

export function continueAsNew(input: unknown): never {
  throw new ContinueAsNew(input);
}

export function defineSignal(name: string): Signal {
  return { name };
}

export function setHandler({ name }: Signal, handler: (...args: readonly unknown[]) => void): void {
  const { execution } = here();
  execution?.handlers.set(name, handler);
  for (const { signal, args } of execution?.early.splice(0) ?? []) if (signal === name) handler(...args);
}

export function getExternalWorkflowHandle(id: string): {
  cancel(): Promise<void>;
  signal(signal: Signal, ...args: readonly unknown[]): Promise<void>;
} {
  const { engine } = here();
  return {
    async cancel() {
      if (!engine.cancel(id)) throw new Error(`no workflow ${id} is open`);
    },
    async signal({ name }, ...args) {
      if (!engine.signal(id, name, args)) throw new Error(`no workflow ${id} is open`);
    },
  };
}
