/**
 * How long a judge waits for a run in which nothing moves: in looks, not by the clock. On a busy machine, where everybody gets less done,
 * looks take longer as well, and so does the wait.
 */
export interface Patience {
  /** `mark` changes when the run has moved. */
  look(mark: string): void;
  isOver(): boolean;
  /** How long nothing has moved, such as `nothing moved in 4800 looks (502 s)`. */
  inWords(): string;
}

export interface PatienceOptions {
  readonly looks: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export function createPatience({ looks, now }: PatienceOptions): Patience {
  let mark: string | null = null;
  let still = 0;
  let movedAt = now();
  return {
    look(seen) {
      if (seen === mark) {
        still += 1;
        return;
      }
      mark = seen;
      still = 0;
      movedAt = now();
    },
    isOver: () => still >= looks,
    inWords: () => `nothing moved in ${still} looks (${Math.round((now() - movedAt) / 1_000)} s)`,
  };
}
