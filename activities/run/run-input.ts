import { isDeepStrictEqual } from 'node:util';
import type { RunInput } from '../../domain/run.ts';
import type { Config } from '../../config/types.ts';
import { FRESH } from '../../domain/stage.ts';
import type { RunRow } from '../../store/port.ts';
import type { ExecutorKind } from '../../workflows/executors.ts';

/** The workflow's input from the run's row. A run that had moved, or began otherwise than others, goes on from where its row stands. */
export function runInputOf(
  run: RunRow,
  config: Pick<Config, 'executor' | 'heartbeatSeconds'> & { readonly publicUrl: string },
): RunInput {
  const executor: ExecutorKind = config.executor.kind;
  return {
    runId: run.id,
    repoKey: run.repo,
    repoName: run.repoName,
    issue: run.issue,
    title: run.title,
    bounds: run.bounds,
    executor,
    heartbeatSeconds: config.heartbeatSeconds,
    pageUrl: `${config.publicUrl}/runs/${run.id}`,
    ...(run.seq > 0 || !isDeepStrictEqual(run.state, FRESH)
      ? { resume: { state: run.state, seq: run.seq, effects: run.effects } }
      : {}),
  };
}
