/**
 * What the orchestrator itself takes of a shipped run, under real Temporal, with the scripted model: one run on a fresh machine, then some
 * with a warm checkout. A process of its own, started by bench.ts, because the product calls people on stdout.
 */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { temporalExecutable } from '../config/environment.ts';
import { runWorkflowId, sessionWorkflowId } from '../domain/run.ts';
import type { RunRow } from '../store/port.ts';
import { startDevServer } from '../test/setup/dev-server.ts';
import { startWorker } from '../workers/start-worker.ts';
import { bundleWorkflows } from '../workers/workflow-bundle.ts';
import { createTemporalCalls, type TemporalCalls } from '../workers/temporal.ts';
import { answerWith, middle, rounded } from './answer.ts';
import { createStopwatch, type Stopwatch } from './crash/stopwatch.ts';
import { shippedStories, type Story } from './crash/stories.ts';
import { setTable, type Table } from './crash/table.ts';

export interface PipelineInput {
  /** With a warm checkout, after one without. */
  readonly runs: number;
}

export interface PipelineFigures {
  readonly how: string;
  /** Of the runs with a warm checkout: the middle one of each figure. */
  readonly warm: RunFigures;
  readonly cold: RunFigures;
  readonly runs: readonly RunFigures[];
}

/** Times in seconds. */
export interface RunFigures {
  /** From the label to the closed issue. */
  readonly wall: number;
  readonly model: number;
  readonly sandbox: number;
  readonly deploy: number;
  /** What is left of the wall time. */
  readonly own: number;
  readonly ownShare: number;
  readonly labelToFirstModelCall: number;
  readonly temporalEvents: number;
  readonly temporalBytes: number;
}

const HOW =
  'own = wall - model - sandbox - deploy. Wall is from the label (whose poll is asked for at once, as the api does) until the run has closed its issue. ' +
  'Taken off is the time in which a call of the model port, the sandbox port (checks, build, the commands of the session) or the deploy command was under way; ' +
  'overlapping calls count once, no health probe is declared, and nothing is waited for but them. What stays is git, the store, the tracker, Temporal and our own code.';

async function measure({ runs }: PipelineInput): Promise<PipelineFigures> {
  const program = temporalExecutable(process.env);
  if (program === null) throw new Error('the Temporal CLI was not found: name it in LAMPLIGHTER_TEMPORAL');
  const server = await startDevServer(program);
  const stories = shippedStories(runs + 1);
  const temporal = {
    address: server.address,
    namespace: `bench-${randomUUID()}`,
    webUrl: null,
    unattributedSignals: false,
  };
  const table = await setTable({ stories, temporal, heartbeatSeconds: 15 });
  const watch = createStopwatch({ model: 'model.call', sandbox: 'sandbox.run', deploy: 'program.run' });
  const failed = Promise.withResolvers<never>();
  const worker = await startWorker({
    config: { ...table.config, pollSeconds: 30 },
    store: table.store,
    // Nothing dies here: the points tell when a port's call began and ended.
    crash: watch.pass,
    workflowBundle: await bundleWorkflows(null),
    onFailure: failed.reject,
  });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const calls = createTemporalCalls(client);
  try {
    const figures: RunFigures[] = [];
    for (const story of stories) {
      const told = await Promise.race([shipOne({ table, story, watch, client, calls }), failed.promise]);
      process.stderr.write(`${story.name}: ${JSON.stringify(told)}\n`);
      figures.push(told);
    }
    const [cold, ...warm] = figures;
    if (cold === undefined) throw new Error('no run was measured');
    return { how: HOW, warm: middleOfEach(warm), cold, runs: warm };
  } finally {
    await worker.stop();
    await connection.close();
    await table.close();
    await server.stop();
  }
}

interface Bench {
  readonly table: Table;
  readonly story: Story;
  readonly watch: Stopwatch;
  readonly client: Client;
  readonly calls: TemporalCalls;
}

async function shipOne({ table, story, watch, client, calls }: Bench): Promise<RunFigures> {
  watch.restart();
  const issue = await table.release(story);
  await calls.pollNow();
  const run = await untilShipped(table, calls, issue);
  const wall = watch.elapsed();
  const { model = 0, sandbox = 0, deploy = 0 } = watch.busy();
  const own = wall - watch.anyBusy();
  const { events, bytes } = await historyOf(client, run);
  return {
    wall: rounded(wall, 3),
    model: rounded(model, 3),
    sandbox: rounded(sandbox, 3),
    deploy: rounded(deploy, 3),
    own: rounded(own, 3),
    ownShare: rounded(own / wall, 3),
    labelToFirstModelCall: rounded(watch.firstAt('model') ?? Number.NaN, 3),
    temporalEvents: events,
    temporalBytes: bytes,
  };
}

async function untilShipped({ store }: Table, calls: TemporalCalls, issue: number): Promise<RunRow> {
  for (;;) {
    const [run] = await store.runs.list({ issue, limit: 1 });
    if (run !== undefined && run.outcome !== null && !(await calls.isOpen(run.id))) {
      if (run.outcome === 'shipped') return run;
      throw new Error(`run ${run.id} was to ship and ended ${run.outcome}: ${JSON.stringify(run.state)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Of the run's workflow and of its sessions. */
async function historyOf(client: Client, run: RunRow): Promise<{ readonly events: number; readonly bytes: number }> {
  const sessions = Array.from({ length: run.state.progress.openings }, (_none, index) =>
    sessionWorkflowId(run.id, index + 1),
  );
  let [events, bytes] = [0, 0];
  for (const id of [runWorkflowId(run.id), ...sessions]) {
    const { historyLength, historySize } = await client.workflow.getHandle(id).describe();
    events += historyLength;
    bytes += historySize ?? 0;
  }
  return { events, bytes };
}

function middleOfEach(figures: readonly RunFigures[]): RunFigures {
  const of = (key: keyof RunFigures): number => middle(figures.map((one) => one[key]));
  return {
    wall: of('wall'),
    model: of('model'),
    sandbox: of('sandbox'),
    deploy: of('deploy'),
    own: of('own'),
    ownShare: of('ownShare'),
    labelToFirstModelCall: of('labelToFirstModelCall'),
    temporalEvents: of('temporalEvents'),
    temporalBytes: of('temporalBytes'),
  };
}

answerWith((input: PipelineInput) => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  return measure(input);
});
