/** What may be said of a sha whose declared stages are all green: what was looked at, and nothing more. */
import type { DeployStage } from './verdict.ts';

/** One sentence without a full stop. `proven`: the stages that were declared for the sha and are green. */
export function provenInWords(sha: string, proven: readonly DeployStage[]): string {
  if (proven.includes('health')) return `${sha} is live and healthy`;
  const unseen = 'no health is declared, so the running version was not asked for';
  if (proven.includes('rollout')) return `${sha} is on main and rolled out; ${unseen}`;
  if (proven.includes('deploy')) return `${sha} is on main and its deploy is green; ${unseen}`;
  return `${sha} is on main and its build is green; no deploy and no health are declared, so what runs was not looked at`;
}
