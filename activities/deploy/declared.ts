import type { Watcher } from './port.ts';

export type Declared = Awaited<ReturnType<Watcher['stagesOf']>>;

const UNDECLARED =
  'nothing says how this repo is deployed, so nothing can be watched: declare `build` in its .lamplighter.yml, or `deploy.command` or `deploy.health` in lamplighter.yaml';

/** The stages that a sha goes through once it is pushed: at least one, or the reason why nothing can be watched. */
export async function declaredStages(watcher: Pick<Watcher, 'stagesOf'>, sha: string): Promise<Declared> {
  const declared = await watcher.stagesOf(sha);
  return declared.ok && declared.stages.length === 0 ? { ok: false, reason: UNDECLARED } : declared;
}
