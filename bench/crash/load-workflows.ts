/** The product's own workflow functions, with the engine of this process in the place of Temporal's SDK. */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const API = new URL('workflow-api.ts', import.meta.url).href;
const WORKFLOWS = new URL('../../workflows/', import.meta.url);

export type LoadedWorkflow = (input: unknown) => Promise<unknown>;
export type LoadedWorkflows = Readonly<Record<'issueRun' | 'repoLane', LoadedWorkflow>>;

export async function loadWorkflows(): Promise<LoadedWorkflows> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isWorkflow = context.parentURL?.startsWith(WORKFLOWS.href) === true;
      return isWorkflow && specifier === '@temporalio/workflow'
        ? { url: API, format: 'module-typescript', shortCircuit: true }
        : next(specifier, context);
    },
  });
  try {
    // Not by a literal: these modules are typed against the SDK that they do not get here.
    return (await import(fileURLToPath(new URL('index.ts', WORKFLOWS)))) as LoadedWorkflows;
  } finally {
    hooks.deregister();
  }
}
