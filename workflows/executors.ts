/** The executors by name: the session's input says which one it is. */
import type { ExecutorName } from '../domain/executor.ts';
import { builtin } from './builtin.ts';
import type { Executor } from './executor.ts';

export const executors: Readonly<Record<ExecutorName, Executor>> = { builtin };
