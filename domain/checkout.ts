/** Which host holds a repo's checkout: the commits of its open runs are on that disk alone. */
export interface Checkout {
  readonly repo: string;
  /** The name of a data directory, kept in it. */
  readonly host: string;
  /** Epoch milliseconds, as all times. */
  readonly since: number;
  /** When its host last said that it lives. */
  readonly renewed: number;
}

/** Why a run of the repo waits; null while its host shows itself, and where nobody has taken the repo yet. */
export function waitsForHost(checkout: Checkout | null, unseenMs: number, now: number): string | null {
  if (checkout === null || now - checkout.renewed < unseenMs) return null;
  const since = new Date(checkout.renewed).toISOString();
  return (
    `waits for host ${checkout.host}, silent since ${since}: the checkout is on its disk. ` +
    'Start Lamplighter there again and it goes on; if that disk is lost, cancel the run'
  );
}
