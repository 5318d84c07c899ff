/** The worker process. When it fails it ends, so that `up` or the cluster starts a new one: a dead worker must not look alive. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { join } from 'node:path';
import { armCrash, noCrash } from '../activities/effects/crash-point.ts';
import { openStore } from '../store/open.ts';
import { configFromArgument, fail, onStop, sayReady } from './entry.ts';
import { startWorker } from './start-worker.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

const { config, crash, operatorToken, cacheDir } = configFromArgument();
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });

const store = await openStore(config.store, join(config.dataDir, 'blobs'));
const worker = await startWorker({
  config,
  store,
  operatorToken,
  crash: crash === null ? noCrash : armCrash(crash),
  workflowBundle: await bundleWorkflows(cacheDir),
  onFailure: fail,
});
sayReady();

onStop(() => {
  worker
    .stop()
    .then(() => store.close())
    .then(() => process.exit(0), fail);
});
