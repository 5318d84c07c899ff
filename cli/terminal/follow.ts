/** A run told as it happens, from its first event. Connections come and go; the place in the event table stays. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventView, RunView } from '../../api/views/view.ts';
import type { ApiClient } from './api-client.ts';
import { CliFailure, EXIT } from './failure.ts';
import { createNarrator } from './narrator.ts';
import { plainJson, say } from './output.ts';

/** An api that is being restarted is back sooner. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 500;

export async function followRun(api: ApiClient, run: string, json: boolean): Promise<void> {
  const path = `/api/runs/${encodeURIComponent(run)}`;
  const narrate = json ? null : createNarrator({ api, run });
  let place = '0';
  let heardAt = Date.now();
  for (;;) {
    try {
      for await (const event of api.events(`${path}/events`, place)) {
        heardAt = Date.now();
        place = event.id ?? place;
        // Our place was lost with a store that was restored: the snapshot says where the run stands.
        if (event.kind === 'snapshot') {
          if ((JSON.parse(event.data) as RunView).run.outcome !== null) return;
          continue;
        }
        const row = JSON.parse(event.data) as EventView;
        if (narrate === null) say(plainJson(row));
        else await narrate(row);
        if (isEnd(row)) return;
      }
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      if (Date.now() - heardAt > PATIENCE_MS) throw error;
    }
    await delay(PAUSE_MS);
  }
}

function isEnd(row: EventView): boolean {
  return (
    row.kind === 'run.stage' &&
    typeof row.data === 'object' &&
    row.data !== null &&
    'stage' in row.data &&
    row.data.stage === 'ended'
  );
}

/** What is worth another try: nobody there, or a stream that was cut. */
function isLostConnection(error: unknown): boolean {
  if (error instanceof CliFailure) return error.exitCode === EXIT.unreachable;
  return error instanceof TypeError && (error.message === 'terminated' || error.message === 'fetch failed');
}
