/**
 * Reads the trackers for long: one activity of hours looks at each repo on its own clock, and a poke makes a further one look at all of
 * them at once. One run of this workflow is one shift, so that its history stays short. Holds no state.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { bounded, control, long } from './calls.ts';
import { poke } from './messages.ts';

export interface PollerInput {
  readonly heartbeatSeconds: number;
}

export async function issuePoller(input: PollerInput): Promise<void> {
  let asked = false;
  setHandler(poke, () => {
    asked = true;
  });
  let over = false;
  const shift = new CancellationScope();
  const end = (): void => {
    over = true;
  };
  const polling = shift.run(() =>
    control('Read the trackers, each on its own clock', long(input.heartbeatSeconds)).keepPolling(),
  );
  polling.then(end, end);

  for (;;) {
    await condition(() => asked || over);
    if (!asked) break;
    asked = false;
    await lookNow();
    if (workflowInfo().continueAsNewSuggested) shift.cancel();
  }
  await polling.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  await continueAsNew<typeof issuePoller>(input);
}

/** What fails here is looked at again by the shift, tracker by tracker. */
async function lookNow(): Promise<void> {
  try {
    await control('Read the trackers now', bounded).pollRepos();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the trackers could not all be read at once', { error: String(error) });
  }
}
