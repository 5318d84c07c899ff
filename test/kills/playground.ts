/** A playground made ready for kills: quick heartbeats, a remote that counts, a model that takes its time, some of its issues. */
import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { ScriptedRequest } from '../../activities/model/scripted/server.ts';
import type { Scenario } from '../../activities/model/scripted/scenario.ts';
import { git } from '../../playground/git.ts';
import { createPlayground, type Playground } from '../../playground/playground.ts';

/** The remote takes this long to take a push: long enough to die in the middle. */
const PUSH_SECONDS = 1;

export interface Table {
  readonly seed: number;
  /** Which of the issues are there: 1 and 2 are of the first repo, 3 is of the second. */
  readonly issues: readonly number[];
  /** Changes the scenario of issue 1. */
  readonly scenario?: (scenario: Scenario) => Scenario;
  /** Of lamplighter.yaml. */
  readonly watchdog?: object;
}

export interface KillPlayground extends Playground {
  /** Of the first repo. */
  readonly base: string;
  /** `old new` of every update of the remote's main, in order. */
  pushes(): string[];
  /** Whether the remote is at work on a push, or has been. */
  pushBegan(): boolean;
  modelRequests(): ScriptedRequest[];
  issueText(issue: number): string;
}

export async function setTable(dataDir: string, { seed, issues, scenario, watchdog }: Table): Promise<KillPlayground> {
  const playground = await createPlayground({ dir: join(dataDir, 'playground'), seed });
  const { dir, config } = playground;
  const { remote, base } = playground.repos[0];
  const issueFile = (issue: number): string => {
    const files = playground.repos.flatMap(({ issues: folder }) =>
      readdirSync(folder).map((name) => join(folder, name)),
    );
    const found = files.find((file) => basename(file).startsWith(String(issue).padStart(4, '0')));
    if (found === undefined) throw new Error(`the playground has no issue ${issue}`);
    return found;
  };
  for (const { number } of playground.issues) if (!issues.includes(number)) rmSync(issueFile(number));
  change(config, (given) => ({ ...given, heartbeatSeconds: 2, ...(watchdog === undefined ? {} : { watchdog }) }));
  if (scenario !== undefined) change(join(dir, 'scenarios', 'issue-1.yaml'), (given) => scenario(given as Scenario));

  // The remote's own record of every change of main. A hook after the fact would miss the push whose sender was killed.
  await git(remote, ['config', 'core.logAllRefUpdates', 'always']);
  const begun = join(dataDir, 'push-began');
  mkdirSync(join(remote, 'hooks'), { recursive: true });
  hook(remote, 'pre-receive', `cat >/dev/null; : > '${begun}'; sleep ${PUSH_SECONDS}`);
  return {
    ...playground,
    base,
    pushes: () =>
      linesOf(join(remote, 'logs', 'refs', 'heads', 'main')).map((line) => line.split(' ').slice(0, 2).join(' ')),
    pushBegan: () => existsSync(begun),
    modelRequests: () =>
      linesOf(join(dataDir, 'logs', 'model-requests.jsonl')).map((line) => JSON.parse(line) as ScriptedRequest),
    issueText: (issue) => readFileSync(issueFile(issue), 'utf8'),
  };
}

/** How often each model turn was asked for, by session and step; a step that is missing here was asked for once. */
export function repeatedTurns(requests: readonly ScriptedRequest[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { session, step, kind } of requests) {
    const key = `${session}#${step ?? kind}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].filter(([, count]) => count > 1));
}

function change(file: string, by: (given: object) => object): void {
  writeFileSync(file, stringify(by(parse(readFileSync(file, 'utf8')) as object), { lineWidth: 0 }));
}

function hook(remote: string, name: string, script: string): void {
  writeFileSync(join(remote, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

function linesOf(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}
