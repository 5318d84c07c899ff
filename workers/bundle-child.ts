/** Bundles the workflows and hands the bundle to its parent: forked by workflow-bundle.ts. Takes no arguments. */
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

// The parent was killed: nobody wants the bundle any more.
process.once('disconnect', () => process.exit(1));

const { code, sourceMap } = await bundleWorkflowCode({
  workflowsPath: join(import.meta.dirname, '..', 'workflows', 'index.ts'),
  logger: new DefaultLogger('ERROR'),
});
process.send?.({ code, sourceMap }, () => process.exit(0));
