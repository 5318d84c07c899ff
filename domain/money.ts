/** Money is whole micro-dollars everywhere but at the edges: sums stay exact. */
export type MicroUsd = number;

export function usd(micro: MicroUsd): number {
  return micro / 1_000_000;
}

export function microUsd(dollars: number): MicroUsd {
  return Math.round(dollars * 1_000_000);
}

/** For people, to the cent. */
export function dollars(micro: MicroUsd): string {
  return `$${usd(micro).toFixed(2)}`;
}

/** Tokens of one model call in the four classes that are priced apart. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** Dollars per million tokens, with the day the figures were true. `above` holds for prompts longer than `tokens` (all input classes summed). */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly above?: {
    readonly tokens: number;
    readonly input: number;
    readonly output: number;
    readonly cacheRead: number;
    readonly cacheWrite: number;
  };
}

/** Cost of one call, rounded up so that a sum of rounded costs never understates. */
export function costOf(usage: Usage, price: Price): MicroUsd {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  const band = price.above !== undefined && prompt > price.above.tokens ? price.above : price;
  // Dollars per million tokens is micro-dollars per token.
  return Math.ceil(
    usage.input * band.input +
      usage.output * band.output +
      usage.cacheRead * band.cacheRead +
      usage.cacheWrite * band.cacheWrite,
  );
}
