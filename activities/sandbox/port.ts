/** Every command of an agent, every setup, check and build command runs through this port, one sandbox a command. */
import type { CommandResult } from '../exec/command-result.ts';

export type { CommandResult } from '../exec/command-result.ts';

export interface SandboxBind {
  readonly from: string;
  /** Where it shows inside; the same path when absent. */
  readonly to?: string;
  readonly mode: 'ro' | 'rw';
}

export interface SandboxLimits {
  /** Wall time in milliseconds; then the whole tree is ended. */
  readonly wallMs: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly fileBytes: number;
  readonly processes: number;
}

/** A server beside the command, on loopback, empty at its start and gone with it. */
export type SandboxService =
  | {
      readonly kind: 'postgres';
      readonly version: number;
      /** Folder of its programs, which the sandbox must see. */
      readonly bin: string;
      readonly port: number;
      readonly database: string;
    }
  | { readonly kind: 'redis'; readonly bin: string; readonly port: number };

export interface SandboxCommand {
  /** Run by `sh -c` semantics is the caller's choice: this is argv. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly binds: readonly SandboxBind[];
  /** The whole environment inside, beside PATH, HOME, TMPDIR and LANG which the sandbox sets. */
  readonly env: Readonly<Record<string, string>>;
  /** More of the environment, whose values stand in no command line: those of others can be read by everybody on a machine. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Extra directories put in front of PATH (toolchains); each must be bound or under /usr. */
  readonly path: readonly string[];
  /** Host names reachable through the proxy; empty is no network at all. */
  readonly hosts: readonly string[];
  readonly limits: SandboxLimits;
  /** Each answers before the command is run. */
  readonly services?: readonly SandboxService[];
  /** Fence: held by the whole process tree; a second command waits until the last process of the first is gone. */
  readonly lock?: string;
  /** Milliseconds until the fence is given up with FenceHeld; a minute when absent. */
  readonly lockWaitMs?: number;
  readonly signal?: AbortSignal;
  readonly onOutput?: (chunk: string) => void;
  /** Bytes of stdout and of stderr that are kept: head and tail, with a line that says how much was left out. */
  readonly keepBytes: number;
}

/** A command was not run, because another in the same place has not ended. */
export class FenceHeld extends Error {
  override readonly name = 'FenceHeld';
}

export type SandboxProbe =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly reason: string; readonly remedy: string };

export interface Sandbox {
  /** A real run, not a guess from versions. */
  probe(): Promise<SandboxProbe>;
  run(command: SandboxCommand): Promise<CommandResult>;
}
