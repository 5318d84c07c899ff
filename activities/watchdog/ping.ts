/**
 * The dead-man ping: while the watchdog looks and the store answers, somebody else's service hears of it, and calls when it hears
 * nothing any more. Its address may hold a token, so it is never in what this says.
 */
export interface PingStanding {
  readonly ok: boolean;
  readonly at: number;
  /** What came of the newest one. */
  readonly detail: string;
}

export interface Ping {
  /** Pings when it is time; a failure is an answer. */
  readonly whenDue: (now: number) => Promise<PingStanding | null>;
}

const TIMEOUT_MS = 10_000;

export function createPing(config: { readonly url: string; readonly everyMs: number } | null): Ping {
  let standing: PingStanding | null = null;
  return {
    async whenDue(now) {
      // The clock may have been set back.
      if (config === null || (standing !== null && now >= standing.at && now - standing.at < config.everyMs))
        return standing;
      standing = { at: now, ...(await ping(config.url)) };
      return standing;
    },
  };
}

async function ping(url: string): Promise<Pick<PingStanding, 'ok' | 'detail'>> {
  try {
    const response = await fetch(url, { redirect: 'follow', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok
      ? { ok: true, detail: 'the dead-man service heard of us' }
      : { ok: false, detail: `the dead-man service answered ${response.status}: correct watchdog.ping.url` };
  } catch (error) {
    return {
      ok: false,
      detail: `the dead-man service does not hear of us (${codeOf(error)}): is it up, can this host reach it?`,
    };
  }
}

/** The message of a failed fetch may repeat the address; its code does not. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : error.name;
}
