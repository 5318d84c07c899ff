import type { WatchLimits } from '../domain/watchdog/condition.ts';
import { WATCHDOG } from './defaults.ts';
import type { Loading } from './loading.ts';
import type { WatchdogConfig } from './types.ts';

const MINUTE_MS = 60_000;

export function loadWatchdog({ given, refs, fail }: Loading): WatchdogConfig {
  const { limits, everyMs } = WATCHDOG;
  const own = given.watchdog ?? {};
  const { ping } = own;
  const url =
    ping === undefined
      ? null
      : typeof ping.url === 'string'
        ? ping.url
        : refs.secret(ping.url, ['watchdog', 'ping', 'url']);
  // What a variable or a file says was not read when the file's shape was checked; an empty one is an error already.
  if (url !== null && url !== '' && !isWebAddress(url))
    fail(['watchdog', 'ping', 'url'], 'must be an http or https address: the secret that it names is none');
  const every = own.everySeconds === undefined ? everyMs : Math.round(own.everySeconds * 1000);
  const loaded = loadLimits(own, limits);
  // A longer pause between two looks would pass for one in which nobody watched.
  if (every * 3 > loaded.unseenMs)
    fail(
      own.everySeconds === undefined ? ['watchdog', 'unseenMinutes'] : ['watchdog', 'everySeconds'],
      'must look at least three times within unseenMinutes: look more often, or give it more time',
    );
  return {
    everyMs: every,
    limits: loaded,
    ping: ping === undefined || url === null ? null : { url, everyMs: Math.round((ping.everySeconds ?? 60) * 1000) },
  };
}

function loadLimits(own: NonNullable<Loading['given']['watchdog']>, limits: WatchLimits): WatchLimits {
  const minutes = (given: number | undefined, otherMs: number): number =>
    given === undefined ? otherMs : Math.round(given * MINUTE_MS);
  return {
    unseenMs: minutes(own.unseenMinutes, limits.unseenMs),
    marginMs: minutes(own.marginMinutes, limits.marginMs),
    actMs: minutes(own.actMinutes, limits.actMs),
    slotMs: minutes(own.slotMinutes, limits.slotMs),
    baseRedMs: minutes(own.baseRedMinutes, limits.baseRedMs),
    pauseMs: minutes(own.pauseMinutes, limits.pauseMs),
    approvalMs: minutes(own.approvalMinutes, limits.approvalMs),
    frozenMs: minutes(own.frozenMinutes, limits.frozenMs),
    killSwitchMs: minutes(own.killSwitchMinutes, limits.killSwitchMs),
    capMs: minutes(own.capMinutes, limits.capMs),
    queueMs: minutes(own.queueMinutes, limits.queueMs),
    diskFreeBytes: own.diskFreeMegabytes === undefined ? limits.diskFreeBytes : own.diskFreeMegabytes * 1024 ** 2,
  };
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
