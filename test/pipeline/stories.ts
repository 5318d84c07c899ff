/**
 * Lives of runs to be recorded as histories: between them they take each kind of work and each way out that the stage machine
 * has today. Each tells one story on a shared rig and answers with its run; they run one after another.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import { NO_GRANTS } from '../../domain/bounds.ts';
import { runWorkflowId, sessionWorkflowId } from '../../domain/run.ts';
import { escalate, unfreeze } from '../../workflows/messages.ts';
import type { RunRow } from '../../store/port.ts';
import { ended, inStage, LIB, PERSON, type Rig } from './rig.ts';
import { ACCEPT, addFunction, commit } from './scenarios.ts';

export interface Story {
  readonly name: string;
  tell(rig: Rig): Promise<RunRow>;
}

interface Scenario {
  readonly triage?: object;
  readonly steps: readonly object[];
}

/** A working change of its own for each story: a function and its test. */
function working(name: string): Scenario {
  return addFunction(name, `export function ${name}(a) {\n  return a * 10;\n}`, '20') as Scenario;
}

/** Green in its tests, red in the build: the contract's build refuses a library that exports `broken`. */
function breaking(name: string): Scenario {
  const body = `export const broken = true;\nexport function ${name}(a) {\n  return a * 10;\n}`;
  return addFunction(name, body, '20') as Scenario;
}

const SUBMIT = { calls: [{ submit: [] }] };
const GIVE_UP = { calls: [{ give_up: 'I see no way' }] };
const SLOW_NOTE = { calls: [{ note: 'looking around' }], delayMs: 2_000 };

async function play(rig: Rig, title: string, scenario: Scenario): Promise<number> {
  rig.scenario(title, { triage: ACCEPT, ...scenario });
  return (await rig.release(title)).number;
}

function mustEnd(run: RunRow, outcome: NonNullable<RunRow['outcome']>): RunRow {
  if (run.outcome !== outcome) throw new Error(`the run should have ended ${outcome}: ${JSON.stringify(run.state)}`);
  return run;
}

export const STORIES: readonly Story[] = [
  {
    name: 'shipped',
    async tell(rig) {
      const issue = await play(rig, 'Ship at once', working('alpha'));
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'refused-by-gates-then-shipped',
    async tell(rig) {
      const [test, code] = working('beta').steps as [object, object];
      const issue = await play(rig, 'Forget the code at first', { steps: [test, SUBMIT, code, SUBMIT] });
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'raced-and-merged',
    async tell(rig) {
      const issue = await play(rig, 'Come second', working('gamma'));
      await rig.run(issue, inStage('verify'));
      rig.land({ 'NOTES.md': 'landed first\n' }, 'Notes');
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'base-red-then-shipped',
    async tell(rig) {
      const green = rig.git('show', 'main:lib.mjs');
      rig.land({ 'lib.mjs': `${green.replace('a + b', 'a - b')}\n` }, 'Break add');
      const issue = await play(rig, 'Wait for main', working('delta'));
      await rig.run(issue, (run) => run.state.stage === 'prepare' && run.state.waiting);
      rig.land({ 'lib.mjs': `${green}\n` }, 'Mend add');
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'frozen-retried-shipped',
    async tell(rig) {
      const mend = { calls: [{ bash: `${MEND}\n${commit('Mend the build')}` }] };
      const issue = await play(rig, 'Freeze and retry', {
        steps: [...breaking('epsilon').steps, GIVE_UP, mend, SUBMIT],
      });
      const frozen = await rig.run(issue, inStage('frozen'));
      await rig.act(frozen.id, { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS });
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'fixed-forward-shipped',
    async tell(rig) {
      const mend = { calls: [{ bash: `sed -i /broken/d lib.mjs\n${commit('Mend the build')}` }] };
      const issue = await play(rig, 'Mend it forward', { steps: [...breaking('mu').steps, mend, SUBMIT] });
      const run = mustEnd(await rig.run(issue, ended), 'shipped');
      if (run.state.progress.fixes !== 1) throw new Error(`it was not fixed forward: ${JSON.stringify(run.state)}`);
      return run;
    },
  },
  {
    name: 'paused-steered-granted-shipped',
    async tell(rig) {
      const issue = await play(rig, 'Hold still', { steps: [SLOW_NOTE, SLOW_NOTE, ...working('nu').steps] });
      const run = await rig.run(issue, inStage('implement'));
      await untilRunning(rig, sessionWorkflowId(run.id, 1), 'modelTurn');
      await rig.act(run.id, { kind: 'grant', grants: { ...NO_GRANTS, turns: 5 } });
      await rig.run(issue, (now) => now.state.progress.granted.turns === 5);
      await rig.act(run.id, { kind: 'pause' });
      await rig.run(issue, (now) => now.state.progress.pause !== null);
      await rig.act(run.id, { kind: 'steer' });
      await rig.act(run.id, { kind: 'resume' });
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'rejected-then-approved',
    async tell(rig) {
      const contract = rig.git('show', 'main:.lamplighter.yml');
      rig.land({ '.lamplighter.yml': `${contract}\npush: ask\n` }, 'Ask before each push');
      const more = { calls: [{ bash: `echo '// as a person wished' >> lib.mjs\n${commit('As a person wished')}` }] };
      const issue = await play(rig, 'Ask first', { steps: [...working('xi').steps, more, SUBMIT] });
      const first = await rig.run(issue, inStage('awaiting-approval'));
      await rig.act(first.id, { kind: 'reject' });
      const second = await rig.run(issue, (run) => waits(run) && run.seq > first.seq);
      if (second.state.stage !== 'awaiting-approval') throw new Error('it does not wait');
      await rig.act(first.id, { kind: 'approve', sha: second.state.head });
      const run = mustEnd(await rig.run(issue, ended), 'shipped');
      rig.land({ '.lamplighter.yml': `${contract}\n` }, 'Push without asking');
      return run;
    },
  },
  {
    name: 'main-red-by-others-then-shipped',
    async tell(rig) {
      const mend = {
        calls: [
          {
            bash: `git merge -q --no-edit refs/remotes/origin/main && sed -i /broken/d lib.mjs\n${commit('Mend the build')}`,
          },
        ],
      };
      const issue = await play(rig, 'Meet others', {
        steps: [SLOW_NOTE, ...breaking('omicron').steps, mend, SUBMIT],
      });
      const { id } = await rig.run(issue, inStage('implement'));
      await rig.run(issue, inStage('watch'));
      await rig.act(id, { kind: 'pause' });
      await rig.run(issue, (run) => run.state.progress.pause !== null);
      rig.land({ 'test/theirs.test.mjs': THEIRS }, 'Break the tests');
      await rig.act(id, { kind: 'resume' });
      await rig.run(issue, (run) => run.state.stage === 'fix' && run.state.redMain !== null);
      rig.land({ 'test/theirs.test.mjs': '' }, 'Mend the tests');
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'frozen-resolved-by-revert',
    async tell(rig) {
      const issue = await play(rig, 'Freeze and revert', breaking('zeta'));
      const frozen = await rig.run(issue, inStage('frozen'));
      await rig.act(frozen.id, { kind: 'unfreeze', way: 'resolved', reverted: false });
      await rig.run(issue, (run) => run.state.stage === 'frozen' && run.state.reason.startsWith('not resolved'));
      revert(rig, 'zeta');
      await rig.act(frozen.id, { kind: 'unfreeze', way: 'resolved', reverted: true });
      return mustEnd(await rig.run(issue, ended), 'superseded');
    },
  },
  {
    name: 'frozen-abandoned-by-signal',
    async tell(rig) {
      const issue = await play(rig, 'Freeze and abandon', breaking('eta'));
      const frozen = await rig.run(issue, inStage('frozen'));
      // One execution of the lane takes this run and the one that waits behind it.
      const behind = await play(rig, 'Wait behind a freeze', { triage: { reject: 'not now' }, steps: [] });
      await rig.client.workflow
        .getHandle(runWorkflowId(frozen.id))
        .signal(unfreeze, { way: 'abandon', note: 'not worth it' });
      const run = mustEnd(await rig.run(issue, ended), 'abandoned');
      await rig.run(behind, ended);
      revert(rig, 'eta');
      return run;
    },
  },
  {
    name: 'gave-up',
    async tell(rig) {
      const issue = await play(rig, 'Declare it impossible', {
        steps: [{ calls: [{ give_up: 'the spec contradicts itself' }] }],
      });
      return mustEnd(await rig.run(issue, ended), 'needs-human');
    },
  },
  {
    name: 'rejected-in-triage',
    async tell(rig) {
      const issue = await play(rig, 'Be vague', { triage: { reject: 'nobody decided the colour' }, steps: [] });
      return mustEnd(await rig.run(issue, ended), 'rejected');
    },
  },
  {
    name: 'cancelled-in-session',
    async tell(rig) {
      const issue = await play(rig, 'Be cancelled', { steps: [SLOW_NOTE, ...working('theta').steps] });
      const run = await rig.run(issue, inStage('implement'));
      await untilRunning(rig, sessionWorkflowId(run.id, 1), 'modelTurn');
      await rig.act(run.id, { kind: 'cancel' });
      return mustEnd(await rig.run(issue, ended), 'cancelled');
    },
  },
  {
    name: 'escalated-by-signal',
    async tell(rig) {
      const issue = await play(rig, 'Be escalated', { steps: [SLOW_NOTE, ...working('iota').steps] });
      const run = await rig.run(issue, inStage('implement'));
      await untilRunning(rig, sessionWorkflowId(run.id, 1), 'modelTurn');
      await rig.client.workflow.getHandle(runWorkflowId(run.id)).signal(escalate, 'look at this');
      return mustEnd(await rig.run(issue, ended), 'needs-human');
    },
  },
  {
    name: 'withdrawn',
    async tell(rig) {
      const issue = await play(rig, 'Be withdrawn', { steps: [SLOW_NOTE, ...working('kappa').steps] });
      await rig.run(issue, inStage('implement'));
      await rig.tracker.removeLabel(issue, 'ready-for-agent', PERSON);
      return mustEnd(await rig.run(issue, ended), 'cancelled');
    },
  },
  {
    name: 'tool-interrupted-then-shipped',
    async tell(rig) {
      const look = { calls: [{ bash: 'sleep 60' }] };
      const issue = await play(rig, 'Lose a tool call', { steps: [look, ...working('lambda').steps] });
      const run = await rig.run(issue, inStage('implement'));
      await loseTool(rig, sessionWorkflowId(run.id, 1));
      return mustEnd(await rig.run(issue, ended), 'shipped');
    },
  },
  {
    name: 'long-session-continued-as-new',
    async tell(rig) {
      const notes = Array.from({ length: 55 }, (_none, n) => ({ calls: [{ note: `looking at part ${n}` }] }));
      const issue = await play(rig, 'Take many turns', { steps: [...notes, { calls: [{ give_up: 'enough' }] }] });
      return mustEnd(await rig.run(issue, ended), 'needs-human');
    },
  },
];

const waits = inStage('awaiting-approval');

const THEIRS = "import { test } from 'node:test';\ntest('theirs', () => { throw new Error('no'); });\n";

const MEND = `sed -i /broken/d lib.mjs
echo 'export const mended = true;' >> lib.mjs
cat > test/mended.test.mjs <<'END'
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as lib from '../lib.mjs';

test('is mended', () => {
  assert.equal(lib.mended, true);
});
END`;

/** As a person would: the function and what broke the build go from main, its test with them. */
function revert(rig: Rig, name: string): void {
  const kept = rig.git('show', 'main:lib.mjs').replace(/export const broken = true;\n[\s\S]*$/, '');
  rig.land({ 'lib.mjs': kept === '' ? LIB : kept, [`test/${name}.test.mjs`]: '' }, `Revert ${name}`);
}

/** The server is told that the worker of the tool call is lost; the call itself finds out by its next heartbeat. */
async function loseTool(rig: Rig, workflowId: string): Promise<void> {
  const activityId = await untilRunning(rig, workflowId, 'runTool');
  await rig.client.connection.workflowService.respondActivityTaskFailedById({
    namespace: rig.config.temporal.namespace,
    workflowId,
    activityId,
    failure: { message: 'the worker was lost', applicationFailureInfo: { type: 'WorkerLost' } },
  });
}

/** The id of the activity, as soon as a worker has it. */
async function untilRunning(rig: Rig, workflowId: string, type: 'runTool' | 'modelTurn'): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
      const found = raw.pendingActivities?.find((one) => one.activityType?.name === type && one.lastStartedTime);
      if (found?.activityId) return found.activityId;
    } catch (error) {
      // The run is in its stage a moment before its session has begun.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    if (Date.now() > deadline) throw new Error(`no ${type} of ${workflowId} was ever running`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
