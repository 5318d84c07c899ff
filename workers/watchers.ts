/** One entry a kind of watcher, null where the operator asks for none of it. What a build is, the contract says; the rest `deploy` of the repo declares. */
import { createCommandWatcher } from '../activities/deploy/command.ts';
import { createBuildWatcher } from '../activities/deploy/contract-build.ts';
import { createHealthWatcher } from '../activities/deploy/http-health.ts';
import { watcherParts, type GivenParts, type WatcherParts } from '../activities/deploy/watcher-parts.ts';
import type { StageWatcher } from '../activities/deploy/port.ts';
import type { WatcherKind } from '../config/watchers.ts';

const KINDS: Readonly<Record<'contract-build' | WatcherKind, (parts: WatcherParts) => StageWatcher | null>> = {
  'contract-build': createBuildWatcher,
  command: createCommandWatcher,
  'http-health': createHealthWatcher,
};

export function watchersOf(given: GivenParts): StageWatcher[] {
  const parts = watcherParts(given);
  return Object.values(KINDS).flatMap((make) => make(parts) ?? []);
}
