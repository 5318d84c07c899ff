import type { Stages } from './stages.ts';

export type Declared = Awaited<ReturnType<Stages['stagesOf']>>;

const UNDECLARED =
  'nothing says how this repo is deployed, so nothing can be watched: declare `build` in its .lamplighter.yml, or `deploy.command` or `deploy.health` in lamplighter.yaml';

/** The stages that a sha goes through once it is pushed: at least one, or the reason why nothing can be watched. */
export async function declaredStages(stages: Pick<Stages, 'stagesOf'>, sha: string): Promise<Declared> {
  const declared = await stages.stagesOf(sha);
  return declared.ok && declared.stages.length === 0 ? { ok: false, reason: UNDECLARED } : declared;
}
