/** What drives the model in a session. */
export const EXECUTOR_NAMES = ['builtin'] as const;
export type ExecutorName = (typeof EXECUTOR_NAMES)[number];

export const DEFAULT_EXECUTOR: ExecutorName = 'builtin';
