/** Choices that a seed decides: the same seed gives the same playground, another seed another one. */
export interface Seeded {
  /** Whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** The generator is mulberry32: small, and good enough to choose names. */
export function createSeeded(seed: number): Seeded {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    pick<T>(from: readonly [T, ...T[]]): T {
      return from[between(0, from.length - 1)] ?? from[0];
    },
  };
}
