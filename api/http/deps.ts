/** What the routes and pages of the api work with. */
import type { WatchdogStanding } from '../../activities/watchdog/watchdog.ts';
import type { Config } from '../../config/types.ts';
import type { Store } from '../../store/port.ts';
import type { Engine, Health } from './engine.ts';
import type { Log } from './errors.ts';
import type { IssueBook } from './issue-book.ts';
import type { EventTail } from './tail.ts';

export interface ApiDeps {
  readonly store: Store;
  readonly config: Config;
  /** The operator's; empty lets nobody in. */
  readonly token: string;
  readonly engine: Engine;
  /** Null for a repo that is not enrolled. */
  readonly issues: (repoKey: string) => IssueBook | null;
  /** What the watchdog of this process saw last. */
  readonly watchdog: () => WatchdogStanding;
  readonly health: () => Promise<Health>;
  /** Of Lamplighter, from package.json. */
  readonly version: string;
  /** Of all event streams of this process. */
  readonly tail: EventTail;
  readonly log: Log;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
