/** The watchdog of the api process: which store, notifier and Temporal it has. Wiring only. */
import type { Client } from '@temporalio/client';
import { noCrash } from '../activities/effects/crash-point.ts';
import { createPerformEffect } from '../activities/effects/perform.ts';
import { createRedaction } from '../activities/evidence/redact.ts';
import { redactingStore } from '../activities/evidence/redacting-store.ts';
import { createLogNotifier } from '../activities/notify/log.ts';
import { lookAround } from '../activities/watchdog/look.ts';
import { createPing } from '../activities/watchdog/ping.ts';
import { createWatchdog, type Watchdog } from '../activities/watchdog/watchdog.ts';
import { knownSecrets } from '../config/known-secrets.ts';
import type { Config } from '../config/types.ts';
import type { Store } from '../store/port.ts';
import { createTemporalLook } from './watch-temporal.ts';

export interface WatchdogParts {
  readonly config: Config;
  readonly store: Store;
  readonly client: Client;
  readonly operatorToken: string;
}

export function watchdogOf({ config, client, operatorToken, ...parts }: WatchdogParts): Watchdog {
  const redaction = createRedaction(knownSecrets(config, operatorToken));
  const store = redactingStore(parts.store, redaction);
  const notifier = createLogNotifier();
  const now = Date.now;
  const temporal = createTemporalLook(client, config.watchdog.limits.unseenMs);
  return createWatchdog({
    store,
    config: config.watchdog,
    look: () => lookAround({ store, config, temporal, now }),
    ping: createPing(config.watchdog.ping),
    perform: createPerformEffect({ log: store.effects, crash: noCrash, now }),
    notifier: {
      deliver: (row, link) => notifier.deliver({ ...row, decision: redaction.text(row.decision) }, link),
    },
    publicUrl: config.api.publicUrl,
    now,
    say: (line) => void process.stderr.write(`watchdog: ${redaction.text(line)}\n`),
  });
}
