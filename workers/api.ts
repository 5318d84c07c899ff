/** The api process: HTTP for people and programs. It works with Temporal down: only pokes wait. */
import { Client, Connection } from '@temporalio/client';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createApp } from '../api/app.ts';
import { listen } from '../api/http/listen.ts';
import { openStore } from '../store/open.ts';
import { createEngine } from './engine.ts';
import { configFromArgument, onStop, sayReady } from './entry.ts';
import { createTemporalCalls } from './temporal.ts';
import { issueBooksOf } from './trackers.ts';
import { callingOf } from './calling.ts';

const { config, operatorToken } = configFromArgument();
const store = await openStore(config.store, join(config.dataDir, 'blobs'));
const connection = Connection.lazy({ address: config.temporal.address });
const client = new Client({ connection, namespace: config.temporal.namespace });
const calls = createTemporalCalls(client);
const engine = createEngine({ store, calls, config });
const { watchdog, post } = callingOf({ config, store, client, operatorToken });
const app = createApp({
  store,
  config,
  token: operatorToken,
  engine,
  issues: issueBooksOf(config, Date.now),
  watchdog: () => watchdog.standing(),
  now: Date.now,
});
watchdog.start();
post.start();

const server = createServer(app);
await listen(server, { api: config.api, store, now: Date.now });
sayReady();
// An act whose poke was lost with the last api process is delivered now.
void engine.pokeUnread().catch((error: unknown) => process.stderr.write(`acts wait for Temporal: ${String(error)}\n`));

onStop(() => {
  server.closeAllConnections();
  server.close(
    () =>
      void Promise.all([watchdog.stop(), post.stop()])
        .then(() => Promise.all([store.close(), connection.close()]))
        .then(() => process.exit(0)),
  );
});
