/**
 * Runs the real workflow functions in this process, in the place of Temporal's server and worker: what it does is what Temporal
 * promises. Workflows go on whatever happens to the process that runs their activities; a lost activity is tried again, one that
 * allows a single attempt fails. Replay is not played: test/replay and the SIGKILLs of real workers prove that.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import type { ActivityOptions } from '@temporalio/workflow';

/** What became of one attempt; `lost`: the process that ran it is gone, and so is what it would have said. */
export type Attempt =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'lost' };

export interface ActivityTask {
  readonly name: string;
  readonly input: unknown;
  /** From 1. */
  readonly attempt: number;
  /** One attempt is all that the workflow allows. */
  readonly isOnce: boolean;
}

export type PerformTask = (task: ActivityTask) => Promise<Attempt>;

type Workflow = (input: unknown) => Promise<unknown>;

interface Execution {
  readonly scope: Scope;
  readonly cancel: () => void;
  readonly handlers: Map<string, (...args: readonly unknown[]) => void>;
  readonly early: { readonly signal: string; readonly args: readonly unknown[] }[];
  readonly result: Promise<unknown>;
}

/** Cancellation as `CancellationScope` has it. */
export interface Scope {
  readonly cancelled: Promise<never>;
  isCancelled: boolean;
}

interface Place {
  readonly engine: Engine;
  readonly execution: Execution | null;
  readonly scope: Scope;
}

export class ContinueAsNew extends Error {
  readonly input: unknown;
  constructor(input: unknown) {
    super('continued as new');
    this.input = input;
  }
}

/** Waits of the workflows pass this much faster: nobody else is waited for here. */
const HASTE = 200;
const LOOK_EVERY_MS = 2;

const places = new AsyncLocalStorage<Place>();

export function here(): Place {
  const place = places.getStore();
  if (place === undefined) throw new Error('the workflow API was called outside of a workflow');
  return place;
}

export function within<T>(scope: Scope, work: () => Promise<T>): Promise<T> {
  return places.run({ ...here(), scope }, work);
}

export function openScope(outer: Scope | null): { readonly scope: Scope; cancel(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const scope: Scope = { cancelled: promise, isCancelled: false };
  const cancel = (): void => {
    scope.isCancelled = true;
    reject(new CancelledFailure('cancelled'));
  };
  outer?.cancelled.catch(cancel);
  return { scope, cancel };
}

export class Engine {
  readonly #perform: PerformTask;
  readonly #open = new Map<string, Execution>();
  #stopped = false;

  constructor(perform: PerformTask) {
    this.#perform = perform;
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  /** Null when one of that id is open. */
  start(id: string, workflow: Workflow, input: unknown): Promise<unknown> | null {
    if (this.#open.has(id)) return null;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    const execution: Execution = { ...openScope(null), handlers: new Map(), early: [], result: promise };
    this.#open.set(id, execution);
    const place: Place = { engine: this, execution, scope: execution.scope };
    places.run(place, () => this.#run(workflow, input)).then(resolve, reject);
    const end = (): void => {
      this.#open.delete(id);
    };
    promise.then(end, end);
    return promise;
  }

  /** False when no workflow of that id is open. */
  signal(id: string, signal: string, args: readonly unknown[]): boolean {
    const execution = this.#open.get(id);
    if (execution === undefined) return false;
    const handler = execution.handlers.get(signal);
    if (handler === undefined) execution.early.push({ signal, args });
    else handler(...args);
    return true;
  }

  /** False when no workflow of that id is open. */
  cancel(id: string): boolean {
    const execution = this.#open.get(id);
    execution?.cancel();
    return execution !== undefined;
  }

  async activity(name: string, given: unknown, options: ActivityOptions, scope: Scope): Promise<unknown> {
    return Promise.race([scope.cancelled, this.#attempts(name, copied(given), options, scope)]);
  }

  sleep(ms: number, scope: Scope): Promise<void> {
    return Promise.race([scope.cancelled, delay(ms / HASTE)]);
  }

  async until(holds: () => boolean, scope: Scope): Promise<void> {
    while (!holds()) {
      if (scope.isCancelled || this.#stopped) return scope.cancelled;
      await delay(LOOK_EVERY_MS);
    }
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(workflow: Workflow, first: unknown): Promise<unknown> {
    for (let input = first; ;) {
      try {
        return copied(await workflow(copied(input)));
      } catch (error) {
        if (!(error instanceof ContinueAsNew)) throw error;
        input = error.input;
      }
    }
  }

  async #attempts(name: string, input: unknown, { retry }: ActivityOptions, scope: Scope): Promise<unknown> {
    const most = retry?.maximumAttempts ?? Number.POSITIVE_INFINITY;
    for (let attempt = 1; ; attempt += 1) {
      if (scope.isCancelled || this.#stopped) return scope.cancelled;
      const came = await this.#perform({ name, input, attempt, isOnce: most === 1 });
      if (came.kind === 'done') return copied(came.value);
      const error = came.kind === 'failed' ? came.error : new Error('the worker was lost');
      const isFinal = error instanceof ApplicationFailure && error.nonRetryable === true;
      if (isFinal || attempt >= most) throw failureOf(name, error);
      if (came.kind === 'failed')
        await delay((typeof retry?.initialInterval === 'number' ? retry.initialInterval : 1_000) / HASTE);
    }
  }
}

/** In the place of the poller, which looks for ever: a tale is of one issue, released before its first look. */
export function lookOnce(): Promise<unknown> {
  const { engine, scope } = here();
  return engine.activity('pollRepos', undefined, {}, scope);
}

function failureOf(name: string, error: unknown): ActivityFailure {
  const cause = error instanceof Error ? error : new Error(String(error));
  return new ActivityFailure('activity failed', name, undefined, RetryState.MAXIMUM_ATTEMPTS_REACHED, undefined, cause);
}

/** What crosses between workflows and activities is JSON. */
function copied(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
