/** What the programs of `npm run bench` share: each is asked once by bench.ts, answers with its figures, and ends. */

/** An error goes to stderr, and no figures come of it. */
export function answerWith<Input>(measure: (input: Input) => Promise<object>): void {
  process.once('message', (input: Input) => {
    measure(input).then(
      (figures) => process.send?.(figures, () => process.exit(0)),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
  });
}

/** The lower one of two in the middle; not a number of none. */
export function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

export function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
