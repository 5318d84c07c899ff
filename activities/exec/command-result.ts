/** How a command ended, wherever it ran. */

export type CommandEnd = 'exited' | 'timeout' | 'aborted' | 'signalled';

export interface CommandResult {
  readonly end: CommandEnd;
  /** Null unless it exited. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly droppedBytes: number;
  readonly ms: number;
  /** Why a service did not start; there only when the command was therefore never run. */
  readonly unserved?: string;
}
