/** Exit codes for scripts: 0 done, 1 refused or failed, 2 wrong usage, 3 no api to speak to. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3 } as const;

/** Something that a person can act on; anything else that is thrown is a bug and keeps its stack. */
export class CliFailure extends Error {
  readonly exitCode: number;
  readonly code: string;
  readonly remedy: string | null;

  constructor(exitCode: number, code: string, message: string, remedy: string | null = null) {
    super(message);
    this.name = 'CliFailure';
    this.exitCode = exitCode;
    this.code = code;
    this.remedy = remedy;
  }
}
