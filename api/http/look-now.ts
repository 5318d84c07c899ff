import type { ApiDeps } from './deps.ts';

/** Somebody just released something: they should not wait for the next poll. With Temporal away they do, and nothing is lost. */
export async function lookNow(deps: Pick<ApiDeps, 'engine' | 'log'>): Promise<void> {
  try {
    await deps.engine.pollNow();
  } catch (error) {
    deps.log({ level: 'warn', message: 'the trackers are read at the next poll, not now', detail: String(error) });
  }
}
