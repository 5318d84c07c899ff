import type { Contract } from '../../domain/contract.ts';
import type { DeployStage } from '../../domain/verdict.ts';
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

export interface StageQuestion extends WatchContext {
  /** Of the sha. */
  readonly contract: Contract;
  /** What the last answer of this look said that it had seen; null at first. It outlives the worker. */
  readonly seen: unknown;
}

export type StageAnswer =
  | {
      readonly verdict: 'green' | 'red';
      /** One sentence a person can act on. */
      readonly reason: string;
      /** Evidence, already redacted. */
      readonly body: Readonly<Record<string, unknown>>;
    }
  | {
      readonly verdict: 'pending';
      readonly reason: string;
      /** The watcher's own pace. */
      readonly againMs: number;
      readonly seen?: unknown;
    };

/** Looks at one stage for one sha. Asked only when every earlier stage is green; asked again, at its pace, while it says pending. */
export interface StageWatcher {
  readonly stage: DeployStage;
  /** Whether a sha with this contract goes through the stage. */
  isDeclared(contract: Contract): boolean;
  observe(question: StageQuestion): Promise<StageAnswer>;
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
