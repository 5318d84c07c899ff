/**
 * Records the histories that every later change of workflows or domain must replay (invariant 14). A vitest file only for the suite's
 * Temporal and the rig; `npm run histories` runs it, `npm test` does not.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runWorkflowId } from '../../domain/run.ts';
import { decodedText, HISTORIES, historyText } from '../replay/history-files.ts';
import { CONTRACT, openRig, type Rig } from './rig.ts';
import { STORIES } from './stories.ts';

const release = process.env['LAMPLIGHTER_HISTORIES_RELEASE'] ?? '';
const folder = join(HISTORIES, release);
/** Story by run id. */
const told = new Map<string, string>();
let rig: Rig;

beforeAll(async () => {
  expect(release, 'the release to record is given by `npm run histories`').not.toBe('');
  rig = await openRig({
    bounds: { fixAttempts: 1 },
    contract: { ...CONTRACT, build: ['sleep 0.5', ...CONTRACT.build] },
  });
});
afterAll(() => rig.close());

it.each(STORIES)('$name', { timeout: 180_000 }, async (story) => {
  const run = await story.tell(rig);
  told.set(run.id, story.name);
});

it('writes what was told', { timeout: 120_000 }, async () => {
  expect(told.size).toBe(STORIES.length);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows: string[] = [];
  for (const [name, execution] of named(await tellingExecutions())) {
    const { workflowId, runId } = execution;
    const history = await rig.client.workflow.getHandle(workflowId, runId).fetchHistory();
    const text = historyText(history);
    refusePrivate(name, text);
    writeFileSync(join(folder, `${name}.json`), text);
    rows.push(`| ${name} | ${execution.type} | ${history.events?.length ?? 0} | ${execution.historySize ?? '?'} |`);
  }
  const head = ['| history | workflow | events | bytes |', '|---|---|---:|---:|'];
  writeFileSync(join(folder, 'sizes.md'), `${[...head, ...rows.sort()].join('\n')}\n`);
});

/** All that ended, and the poller, which does not; waits until the lanes have, and the server's listing shows it. */
async function tellingExecutions(): Promise<WorkflowExecutionInfo[]> {
  const all: WorkflowExecutionInfo[] = [];
  const unsettled = async (): Promise<string[]> => {
    all.length = 0;
    for await (const one of rig.client.workflow.list()) all.push(one);
    const open = all.filter((one) => one.status.name === 'RUNNING' && one.type !== 'issuePoller');
    const listed = new Set(all.map((one) => one.workflowId));
    const missing = [...told.keys()].map(runWorkflowId).filter((id) => !listed.has(id));
    return [...open.map((one) => one.workflowId), ...missing];
  };
  await expect.poll(unsettled, { timeout: 30_000 }).toEqual([]);
  return all.filter((one) => one.status.name !== 'RUNNING' || one.type === 'issuePoller');
}

/** Runs and sessions by their story; of the many lanes the longest and the shortest; the poller, which is still open. */
function named(all: readonly WorkflowExecutionInfo[]): Map<string, WorkflowExecutionInfo> {
  const found = new Map<string, WorkflowExecutionInfo>();
  const oldestFirst = all.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (const one of oldestFirst) {
    const [kind, runId, opening] = one.workflowId.split('/');
    const story = told.get(runId ?? '');
    if (story === undefined) continue;
    const name = kind === 'run' ? `${story}.run` : `${story}.session-${opening}`;
    found.set(found.has(name) ? `${name}-continued` : name, one);
  }
  const ofType = (type: string): WorkflowExecutionInfo[] => {
    const some = all.filter((one) => one.type === type).toSorted((a, b) => a.historyLength - b.historyLength);
    if (some.length === 0) throw new Error(`there is no ${type}`);
    return some;
  };
  for (const [name, execution] of [
    ['lane-shortest', ofType('repoLane')[0]],
    ['lane-longest', ofType('repoLane').at(-1)],
    ['poller', ofType('issuePoller').at(-1)],
  ] as const)
    if (execution !== undefined) found.set(name, execution);
  return found;
}

function refusePrivate(name: string, text: string): void {
  const decoded = decodedText(text);
  for (const word of [rig.dir, tmpdir(), homedir(), hostname(), process.cwd(), REPO_PATH]) {
    const at = decoded.indexOf(word);
    if (at >= 0) throw new Error(`${name} names this machine: …${decoded.slice(Math.max(0, at - 200), at + 100)}…`);
  }
}

const REPO_PATH = join(HISTORIES, '..', '..');
