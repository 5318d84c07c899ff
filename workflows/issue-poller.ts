/** One tick of the schedule: read the trackers, write the queues, poke the lanes that have work. Holds no state. */
import { control } from './calls.ts';

export async function issuePoller(): Promise<void> {
  const { poke } = await control('Read the trackers and write the queues').pollRepos();
  if (poke.length > 0)
    await control(`Poke ${poke.length === 1 ? 'one lane' : `${poke.length} lanes`}`).pokeLanes({ repoKeys: poke });
}
