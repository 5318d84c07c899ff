/** What an operator declares for each kind of watcher: together they are a repo's `deploy`. A new one is a file in watchers/ and an entry of `KINDS`. */
import { z } from 'zod';
import type { References } from './schemas/references.ts';
import type { KeyPath } from './schemas/yaml-document.ts';
import { commandWatcher } from './watchers/command.ts';
import { httpHealthWatcher } from './watchers/http-health.ts';

const KINDS = { command: commandWatcher, 'http-health': httpHealthWatcher };

export type WatcherKind = keyof typeof KINDS;

type Part = 'written' | 'resolved';
/** Of a union all that its members have. */
type Together<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The compiler does not follow the keys of all kinds into one object, nor what each resolves of it. */
function together<All>(parts: readonly object[]): All {
  return Object.assign({}, ...parts) as All;
}

function keysOf<P extends Part>(part: P): Together<(typeof KINDS)[WatcherKind][P]['shape']> {
  return together(Object.values(KINDS).map((kind) => kind[part].shape));
}

export const writtenDeploy = z.strictObject(keysOf('written'));
export const resolvedDeploy = z.strictObject(keysOf('resolved'));

type Written = z.infer<typeof writtenDeploy>;
type Resolved = z.infer<typeof resolvedDeploy>;

export function resolveDeploy(given: Written, refs: References, at: KeyPath): Resolved {
  return together(Object.values(KINDS).map((kind) => kind.resolve(given, refs, at)));
}
