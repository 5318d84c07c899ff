/** The engine behind the api: pokes, and the rebuilding of runs and lanes from their rows when Temporal has lost them. */
import type { Engine } from '../api/http/engine.ts';
import type { Config } from '../config/types.ts';
import { runWorkflowId } from '../domain/run.ts';
import { runsInTemporalWeb, timelineInTemporalWeb } from '../domain/temporal-web.ts';
import { runInputOf } from '../activities/run/run-input.ts';
import type { Store } from '../store/port.ts';
import type { TemporalCalls } from './temporal.ts';

export interface EngineDeps {
  readonly store: Store;
  readonly calls: TemporalCalls;
  readonly config: Config;
}

/** Runs that were started again, and lanes that were poked. */
export type Rebuilt = Awaited<ReturnType<Engine['recover']>>;

export function createEngine({ store, calls, config }: EngineDeps): Engine & { pokeUnread(): Promise<void> } {
  const { webUrl, namespace } = config.temporal;
  const web = webUrl === null ? null : { webUrl, namespace };
  /** Those of whom somebody has asked something that they have not taken. */
  async function pokeUnread(): Promise<void> {
    for (const run of await store.runs.list({ open: true })) {
      if ((await store.acts.unread(run.id)).length > 0) await calls.pokeRun(run.id);
    }
  }

  return {
    poke: (runId) => calls.pokeRun(runId),
    pollNow: () => calls.pollNow(),
    links: (run) => ({ temporalUrl: web === null ? null : timelineInTemporalWeb(web, runWorkflowId(run.id)) }),
    runsUrl: web === null ? null : runsInTemporalWeb(web),

    /**
     * Idempotent: a run that is open is left alone. Git, tracker and deploy are asked by the stages themselves before they act again. A run
     * that has ended is started as well while it owes its issue something: it does that, and ends.
     */
    async recover() {
      const open = await store.runs.list({ open: true });
      const runs: string[] = [];
      for (const run of [...open, ...(await store.runs.list({ owing: true }))]) {
        if (await calls.startRun(runInputOf(run, { ...config, publicUrl: config.api.publicUrl }))) runs.push(run.id);
      }
      const waiting = await store.queue.repos();
      const lanes = [...new Set([...open.map((run) => run.repo), ...waiting])];
      for (const lane of lanes) await calls.pokeLane(lane);
      await pokeUnread();
      return { runs, lanes };
    },

    pokeUnread,
  };
}
