/**
 * A process that tells tales with lives that die in it, one after another, for the runner that started it. What the product writes on
 * stdout (calls for a person) does not mix with the runner's document here.
 */
import { createSeeded } from '../../playground/seeded.ts';
import { tell, type Telling } from './in-process.ts';
import type { Points } from './lives.ts';
import { loadWorkflows } from './load-workflows.ts';
import { TALES } from './tales.ts';

export interface TellerJob {
  readonly tale: string;
  /** Null: undisturbed. */
  readonly plan: { readonly seed: number; readonly points: Points } | null;
}

export type Told = { readonly ok: true; readonly telling: Telling } | { readonly ok: false; readonly error: string };

const workflows = await loadWorkflows();

async function answer({ tale: name, plan }: TellerJob): Promise<Told> {
  const tale = TALES.find((one) => one.name === name);
  if (tale === undefined) return { ok: false, error: `there is no tale ${name}` };
  try {
    const given = plan === null ? null : { seeded: createSeeded(plan.seed), points: plan.points };
    return { ok: true, telling: await tell(tale, workflows, given) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (job: TellerJob) => {
  void answer(job).then((told) => process.send?.(told));
});
process.once('disconnect', () => process.exit(0));
