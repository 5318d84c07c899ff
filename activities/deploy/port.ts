import type { DeployStage, StageVerdict } from '../../domain/verdict.ts';
import type { CommandResult } from '../sandbox/port.ts';

export interface WatchContext {
  readonly run: string;
  readonly sha: string;
  /** Names this looking at the sha: verdicts are remembered within one, so that a proof after a freeze looks anew. */
  readonly look: string;
  readonly signal: AbortSignal;
  readonly heartbeat: () => void;
  /** Right before what cannot be undone: throws a `Withheld` where an act that nobody has taken forbids it. */
  readonly mayAct: () => Promise<void>;
}

/** Looks at one stage for one sha. Asked only when every earlier stage is green; asked again while it says pending. */
export interface Watcher {
  /** In the order of DEPLOY_STAGES, as the operator and the contract of that sha declare them; a contract that can't be read is the reason. */
  stagesOf(
    sha: string,
  ): Promise<
    { readonly ok: true; readonly stages: readonly DeployStage[] } | { readonly ok: false; readonly reason: string }
  >;
  observe(stage: DeployStage, context: WatchContext): Promise<StageVerdict>;
}

/** Runs a program of the operator's outside the sandbox. Never throws for how the program ended. */
export type RunProgram = (
  argv: readonly string[],
  options: {
    readonly cwd: string;
    /** The whole environment. */
    readonly env: Readonly<Record<string, string>>;
    /** Milliseconds; then its whole process group is ended. */
    readonly wallMs: number;
    readonly signal: AbortSignal;
    /** Of stdout and of stderr each. */
    readonly keepBytes: number;
  },
) => Promise<CommandResult>;
