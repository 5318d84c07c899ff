import type { DeployStage, StageVerdict } from '../../domain/verdict.ts';

export interface WatchContext {
  readonly run: string;
  readonly sha: string;
  readonly signal: AbortSignal;
  readonly heartbeat: () => void;
}

/** Looks at one stage for one sha. Asked only when every earlier stage is green; asked again while it says pending. */
export interface Watcher {
  readonly stages: readonly DeployStage[];
  observe(stage: DeployStage, context: WatchContext): Promise<StageVerdict>;
}
