/**
 * Invariant 14: workflows and domain, as they are today, replay every history that was ever recorded for a release. No server is needed:
 * the SDK feeds the recorded events to the workflow code and fails where it would do anything else than what was recorded.
 */
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';
import { decodedText, parseHistory, readHistories, releases, type HistoryFile } from './history-files.ts';

const all = releases().flatMap(readHistories);
let workflowBundle: WorkflowBundleWithSourceMap;
/** What came of each recorded history, by release and name; undefined: it replays. */
let outcomes: ReadonlyMap<string, Error | undefined>;
beforeAll(async () => {
  workflowBundle = await bundleWorkflows(null);
  outcomes = await replay(all, workflowBundle);
});

/** In one worker: each worker compiles the bundle anew. */
async function replay(
  histories: readonly HistoryFile[],
  bundle: WorkflowBundleWithSourceMap,
): Promise<ReadonlyMap<string, Error | undefined>> {
  const given = histories.map((one) => ({ workflowId: placeOf(one), history: parseHistory(one.text) }));
  const found = new Map<string, Error | undefined>();
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: bundle }, given))
    found.set(workflowId, error);
  return found;
}

function placeOf({ release, name }: HistoryFile): string {
  return `${release}/${name}`;
}

async function failure(one: HistoryFile, bundle = workflowBundle): Promise<Error | undefined> {
  return (await replay([one], bundle)).get(placeOf(one));
}

function recorded(name: string): HistoryFile {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no history ${name} is recorded: npm run histories`);
  return found;
}

/** The bundle with one piece of its code changed, as an engineer would change the source. */
function changed(from: RegExp | string, to: string): WorkflowBundleWithSourceMap {
  const code = workflowBundle.code.replace(from, to);
  if (code === workflowBundle.code) throw new Error(`the bundle does not hold ${String(from)}`);
  return { ...workflowBundle, code };
}

describe('recorded histories', { timeout: 60_000 }, () => {
  it('are of every workflow there is', () => {
    expect([...new Set(all.map((one) => one.workflowType))].sort()).toEqual([
      'agentSession',
      'issuePoller',
      'issueRun',
      'repoLane',
    ]);
  });

  it.each([
    ['the body of an issue', 'As the title says.'],
    ['the note of an act', 'because I say so'],
    ['what the model notes in its session', 'looking'],
  ])('hold references only: %s is not in them, though the title is', (_what, words) => {
    expect(decodedText(recorded('shipped.run').text)).toContain('"title":"Ship at once"');
    expect(all.filter((one) => decodedText(one.text).includes(words)).map((one) => one.name)).toEqual([]);
  });

  it('stay small: a shipped run is under 150 events, fifty turns of a session are under 700', () => {
    const eventsOf = (name: string): number => parseHistory(recorded(name).text).events?.length ?? 0;
    expect(eventsOf('shipped.run')).toBeLessThan(150);
    expect(eventsOf('long-session-continued-as-new.session-1')).toBeLessThan(700);
  });

  it.each(all)('$release: $name replays (invariant 14)', (one) => {
    expect([...outcomes.keys()]).toContain(placeOf(one));
    expect(outcomes.get(placeOf(one))).toBeUndefined();
  });
});

describe('the net', { timeout: 60_000 }, () => {
  it('holds a change of a rule in domain/: a push that waits for an approval which nobody asks for', async () => {
    const waits = changed(/if \(!ask\)(?= return \(0,\w+\.go\)\(push\))/, 'if (ask)');
    expect(await failure(recorded('shipped.run'), waits)).toBeInstanceOf(DeterminismViolationError);
  });

  it('holds a change of a workflow: an activity that is called no more', async () => {
    const silent = changed('.readContract({', '.prepareRun({');
    expect(await failure(recorded('shipped.run'), silent)).toBeInstanceOf(DeterminismViolationError);
  });

  it("holds a history that today's code would not write", async () => {
    const shipped = recorded('shipped.run');
    const other = { ...shipped, text: shipped.text.replace('"pushRun"', '"mergeRun"') };
    expect(await failure(other)).toBeInstanceOf(DeterminismViolationError);
  });
});
