/** What a watcher or gate concluded. `unknown` means it could not be found out: never treated as green. */
export type Verdict = 'green' | 'red' | 'pending' | 'unknown';

export const DEPLOY_STAGES = ['build', 'deploy', 'rollout', 'health'] as const;
export type DeployStage = (typeof DEPLOY_STAGES)[number];

export interface StageVerdict {
  readonly stage: DeployStage;
  readonly verdict: Verdict;
  /** One sentence a person can act on. */
  readonly reason: string;
  readonly evidence: readonly string[];
}

/** The first declared stage that is not green yet: the only one a watcher may ask next. Null when all are green. */
export function nextStage(declared: readonly DeployStage[], seen: readonly StageVerdict[]): DeployStage | null {
  const green = new Set(seen.filter((one) => one.verdict === 'green').map((one) => one.stage));
  return DEPLOY_STAGES.find((stage) => declared.includes(stage) && !green.has(stage)) ?? null;
}

/** Any red is red; all declared stages green is green; a stage unseen, pending or unknown is pending. Nothing declared is pending, never green. */
export function foldVerdict(
  declared: readonly DeployStage[],
  seen: readonly StageVerdict[],
): 'green' | 'red' | 'pending' {
  if (seen.some((one) => one.verdict === 'red')) return 'red';
  if (declared.length === 0) return 'pending';
  return nextStage(declared, seen) === null ? 'green' : 'pending';
}
