/**
 * The worker as workers/worker.ts starts it, but for one thing: the workflows are given, bundled once for hundreds of processes.
 * `node bench/crash/worker.ts <resolved config file> <bundle file>`
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { armCrash, noCrash } from '../../activities/effects/crash-point.ts';
import { openStore } from '../../store/open.ts';
import { configFromArgument, sayReady } from '../../workers/entry.ts';
import { startWorker } from '../../workers/start-worker.ts';

const { config, crash, operatorToken } = configFromArgument();
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });

const store = await openStore(config.store, join(config.dataDir, 'blobs'));
await startWorker({
  config,
  store,
  operatorToken,
  crash: crash === null ? noCrash : armCrash(crash),
  workflowBundle: JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8')) as WorkflowBundleWithSourceMap,
  onFailure(error) {
    process.stderr.write(`worker failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
});
sayReady();
process.once('disconnect', () => process.exit(0));
