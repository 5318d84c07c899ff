/** The executors by name: the session's input says which one it is. */
import { builtin } from './builtin.ts';
import type { Executor } from './executor.ts';

const KINDS = { builtin } satisfies Readonly<Record<string, Executor>>;

export type ExecutorKind = keyof typeof KINDS;

/** Inputs of before there was a choice name none. A name that this release does not know fails the task: one that knows it goes on from there. */
export function executorNamed(name = 'builtin'): Executor {
  const found = Object.entries(KINDS).find(([kind]) => kind === name);
  if (found === undefined)
    throw new Error(
      `no executor is called ${name}, there is ${Object.keys(KINDS).join(', ')}: start a worker of the release that has it`,
    );
  return found[1];
}
