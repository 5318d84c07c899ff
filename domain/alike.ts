/** When failures of one piece of work are a person's: it failed alike a few times, over long enough that a blip would have passed. */
export interface Failures {
  /** Epoch milliseconds of the first. */
  readonly since: number;
  /** How often, by kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

const ALIKE = 5;
/** Failures that are never alike end too. */
const IN_ALL = 20;
const LASTING_MS = 60_000;

export function withFailure(before: Failures | null, kind: string, now: number): Failures {
  const { since, kinds } = before ?? { since: now, kinds: {} };
  return { since, kinds: { ...kinds, [kind]: (kinds[kind] ?? 0) + 1 } };
}

/** How often it failed, when that is enough; else null. */
export function lasting({ since, kinds }: Failures, now: number): number | null {
  const counts = Object.values(kinds);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (now - since < LASTING_MS) return null;
  return Math.max(...counts) >= ALIKE || all >= IN_ALL ? all : null;
}

/** Numbers, ids and paths are of one try; the rest says what kind of failure it is. */
export function kindOfFailure(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const words = error.message
    .slice(0, 2_000)
    .replace(/(?:\/[^\s/'"`:;,()]+)+/g, '/…')
    .replace(/\b(?=[a-z]*\d)[0-9a-z]{7,}\b/gi, '#')
    .replace(/\d+/g, '0');
  return `${error.name}${code}: ${words.slice(0, 300)}`;
}
