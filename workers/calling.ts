/** What calls people, of the api process: the watchdog, and the post that delivers. Wiring only. */
import type { Client } from '@temporalio/client';
import { noCrash } from '../activities/effects/crash-point.ts';
import { createPerformEffect } from '../activities/effects/perform.ts';
import { createRedaction } from '../activities/evidence/redact.ts';
import { redactingStore } from '../activities/evidence/redacting-store.ts';
import { createPost, type Post } from '../activities/notify/post.ts';
import { redactingNotifier } from '../activities/notify/redacting-notifier.ts';
import { observe } from '../activities/watchdog/observe.ts';
import { createPing } from '../activities/watchdog/ping.ts';
import { createWatchdog, type Watchdog } from '../activities/watchdog/watchdog.ts';
import { knownSecrets } from '../config/known-secrets.ts';
import type { Config } from '../config/types.ts';
import type { Store } from '../store/port.ts';
import { notifierOf } from './notifiers.ts';
import { createTemporalLook } from './watch-temporal.ts';

export interface CallingParts {
  readonly config: Config;
  readonly store: Store;
  readonly client: Client;
  readonly operatorToken: string;
}

export interface Calling {
  readonly watchdog: Watchdog;
  readonly post: Post;
}

export function callingOf({ config, client, operatorToken, ...parts }: CallingParts): Calling {
  const redaction = createRedaction(knownSecrets(config, operatorToken));
  const store = redactingStore(parts.store, redaction);
  const now = Date.now;
  const shared = {
    store,
    notifier: redactingNotifier(notifierOf(config), redaction),
    publicUrl: config.api.publicUrl,
    now,
  };
  const say =
    (who: string) =>
    (line: string): void =>
      void process.stderr.write(`${who}: ${redaction.text(line)}\n`);
  const temporal = createTemporalLook(client, config.watchdog.limits.unseenMs);
  return {
    watchdog: createWatchdog({
      ...shared,
      config: config.watchdog,
      look: () => observe({ store, config, temporal, now }),
      ping: createPing(config.watchdog.ping),
      say: say('watchdog'),
    }),
    post: createPost({
      ...shared,
      perform: createPerformEffect({ log: store.effects, crash: noCrash, now }),
      say: say('calls'),
    }),
  };
}
