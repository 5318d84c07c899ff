/**
 * The demo client: plays the person of the playground over the HTTP API, and says so in its notes. It arms Lamplighter,
 * waits for the runs and, where it is to play to the end, unfreezes the frozen one by `abandon`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Expected } from './change.ts';
import { describeRun, froze, type DemoDocument, type RunAnswer } from './demo-document.ts';
import type { Playground, PlaygroundIssue } from './playground.ts';

export interface Play {
  readonly playground: Pick<Playground, 'issues'>;
  /** Address of the api. */
  readonly url: string;
  readonly token: string;
  readonly say: (line: string) => void;
}

/** Something ended otherwise than the playground is made to end; the message says what and why. */
export class UnexpectedEnd extends Error {
  override readonly name = 'UnexpectedEnd';
}

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 15 * 60_000;

/**
 * Plays to the end: one run ships, one ships after a red deploy was mended, one freezes and is abandoned by this client. Throws UnexpectedEnd when it
 * goes otherwise.
 */
export function runDemo(play: Play): Promise<DemoDocument> {
  return follow(play, { acts: true, patienceMs: PATIENCE_MS });
}

/** Only looks on: the person unfreezes. Ends when all runs have. */
export function followPlayground(play: Play): Promise<DemoDocument> {
  return follow(play, { acts: false, patienceMs: Infinity });
}

interface Manner {
  /** Whether the client acts for the person. */
  readonly acts: boolean;
  readonly patienceMs: number;
}

async function follow(play: Play, manner: Manner): Promise<DemoDocument> {
  const api = createApi(play);
  const begun = Date.now();
  await arm(api);
  const told = new Set<string>();
  for (;;) {
    const runs = await runsOf(api);
    for (const run of runs) tell(play, told, run);
    if (manner.acts) {
      for (const run of runs) await actOn(api, play.playground.issues, run);
    }
    if (allEnded(play.playground.issues, runs) && !(await areBeingWritten(api))) {
      return { seconds: (Date.now() - begun) / 1000, runs: runs.map(describeRun) };
    }
    if (Date.now() - begun > manner.patienceMs)
      throw new UnexpectedEnd(`after ${manner.patienceMs / 1000} s not all runs have ended: ${standOf(runs)}`);
    await pause(LOOK_EVERY_MS);
  }
}

/** A run's row has ended a moment before its last words are on the issue: who stops then would cut them. */
async function areBeingWritten(api: Api): Promise<boolean> {
  const { issues } = (await api('GET', '/api/issues?state=all&label=agent-in-progress')) as {
    readonly issues: readonly unknown[];
  };
  return issues.length > 0;
}

/** Only a playground that nobody has used yet: a kill switch that a person turned on stays on. */
async function arm(api: Api): Promise<void> {
  const { runs } = (await api('GET', '/api/runs')) as { readonly runs: readonly unknown[] };
  if (runs.length > 0) return;
  await api('PUT', '/api/kill-switch', { on: false, note: 'the demo client opens the playground' });
  await api('POST', '/api/poll', {});
}

async function runsOf(api: Api): Promise<RunAnswer[]> {
  const { runs } = (await api('GET', '/api/runs')) as {
    readonly runs: readonly { readonly id: string; readonly repoName: string; readonly issue: number }[];
  };
  // The newest run of an issue is the one that counts.
  const newest = new Map(runs.toReversed().map((run) => [`${run.repoName}#${run.issue}`, run.id]));
  const answers: RunAnswer[] = [];
  for (const id of newest.values())
    answers.push((await api('GET', `/api/runs/${encodeURIComponent(id)}`)) as RunAnswer);
  return answers.toSorted((a, b) => a.run.issue - b.run.issue);
}

async function actOn(api: Api, issues: readonly PlaygroundIssue[], answer: RunAnswer): Promise<void> {
  const { run } = answer;
  const wrong = unexpected(answer, issues.find((issue) => isOf(run, issue))?.expected);
  if (wrong !== null)
    throw new UnexpectedEnd(
      `${run.repoName}#${run.issue} ${wrong}: ${run.reason ?? 'no reason was given'} (run ${run.id})`,
    );
  if (run.stage !== 'frozen') return;
  // One id for the run: asked for again before the run has moved, it is still one act.
  await api('POST', `/api/runs/${encodeURIComponent(run.id)}/acts`, {
    id: `demo-client.${run.id}`,
    kind: 'unfreeze',
    way: 'abandon',
    note: 'the demo client, in place of a person, has seen that it froze',
  });
}

/** Null while nothing speaks against the expected end. */
function unexpected(answer: RunAnswer, expected: Expected | undefined): string | null {
  const { outcome, state } = answer.run;
  if (expected === undefined) return 'is no issue of the playground';
  if (expected === 'frozen') {
    if (outcome === null) return null;
    return froze(answer) && outcome === 'abandoned' ? null : `ended ${outcome}, and was to freeze`;
  }
  if (froze(answer)) return 'froze, and was to ship';
  if (outcome !== null && outcome !== 'shipped') return `ended ${outcome}, and was to ship`;
  const { fixes } = state.progress;
  if (expected === 'shipped' && fixes > 0) return 'was red once deployed, and was to ship at once';
  return expected === 'mended' && outcome === 'shipped' && fixes === 0
    ? 'shipped at once, and its first deploy was to be red'
    : null;
}

function isOf(run: Pick<RunAnswer['run'], 'repoName' | 'issue'>, { repo, number }: PlaygroundIssue): boolean {
  return run.repoName === repo && run.issue === number;
}

function allEnded(issues: readonly PlaygroundIssue[], runs: readonly RunAnswer[]): boolean {
  return issues.every((issue) => runs.some(({ run }) => isOf(run, issue) && run.outcome !== null));
}

function tell({ say }: Play, told: Set<string>, { run }: RunAnswer): void {
  const line = `${run.repoName}#${run.issue} ${run.outcome ?? run.stage}${run.reason === null ? '' : `: ${run.reason}`}`;
  if (told.has(line)) return;
  told.add(line);
  say(line);
}

function standOf(runs: readonly RunAnswer[]): string {
  if (runs.length === 0) return 'no run was started';
  return runs.map(({ run }) => `#${run.issue} ${run.outcome ?? run.stage} (${run.reason ?? 'at work'})`).join(', ');
}

type Api = (method: string, path: string, body?: object) => Promise<unknown>;

function createApi({ url, token }: Play): Api {
  return async (method, path, body) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'x-lamplighter-actor': encodeURIComponent('demo client'),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the api answers ${response.status} to ${method} ${path}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as unknown;
  };
}
