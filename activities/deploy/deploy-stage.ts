/**
 * Deploy: the operator's command, outside the sandbox, with the operator's credentials. Its effect is keyed by the sha:
 * after a crash it is run again for the same sha, which the command must fold (`DeployTarget.command`); the evidence says
 * that it was. What it is given to read is a checkout whose git configuration no agent wrote (invariant 15).
 */
import { homedir } from 'node:os';
import type { DeployTarget } from '../../domain/contract.ts';
import type { StageVerdict } from '../../domain/verdict.ts';
import type { EffectLog } from '../../store/port.ts';
import { createStopWatch } from '../agent/stop-watch.ts';
import type { PerformEffect } from '../effects/perform.ts';
import { notYet } from '../run/waiting.ts';
import { endInWords, lastLine, showResult, type Redact, type ShownResult } from './output.ts';
import type { RunProgram, WatchContext } from './port.ts';
import type { SourceTree } from './source-tree.ts';
import type { StageRecord } from './stage-record.ts';
import { runSubject } from '../../domain/unit.ts';

export interface DeployStageDeps {
  readonly command: string;
  readonly target: DeployTarget;
  readonly runProgram: RunProgram;
  readonly perform: PerformEffect;
  readonly effects: Pick<EffectLog, 'list'>;
  readonly repoKey: string;
  readonly source: SourceTree;
  readonly record: StageRecord;
  readonly redact: Redact;
  /** Whether what stops the look is a person's pause, and nothing more urgent. */
  readonly isPausing: (run: string) => Promise<boolean>;
  readonly isKilled: () => Promise<boolean>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const KEPT_BYTES = 1024 * 1024;

export function createDeployStage(deps: DeployStageDeps): (context: WatchContext) => Promise<StageVerdict> {
  return async function observeDeploy(context) {
    if (await deps.isKilled()) throw notYet('the kill switch is on: nothing is deployed');
    const key = `deploy/${deps.repoKey}/${context.sha}/${context.run}/${context.look}`;
    const { left = null, ...shown } = await deps.perform<Deployed>({
      key,
      name: 'deploy',
      class: 'keyed',
      unit: runSubject(context.run),
      act: () => runDeploy(deps, context),
    });
    const attempts = (await deps.effects.list(runSubject(context.run))).find((one) => one.key === key)?.attempts ?? 1;
    const again = attempts > 1 ? `; run ${attempts} times, because the outcome of the first was lost` : '';
    const rest = left === null ? '' : `; ${left}`;
    const green = shown.end === 'exited' && shown.code === 0;
    const how = green ? 'passed' : `${endInWords(shown, deps.target.timeoutSeconds * 1_000)}${lastLine(shown.log)}`;
    return deps.record.keep(context, {
      stage: 'deploy',
      verdict: green ? 'green' : 'red',
      reason: `the deploy command for ${context.sha.slice(0, 10)} ${how}${again}${rest}`,
      body: { attempts, repeated: attempts > 1, ...shown, left },
    });
  };
}

interface Deployed extends ShownResult {
  /** In words what keeps its folder; absent in results from before that was said. */
  readonly left?: string | null;
}

/** A pause waits for its end: half a deploy is no place to stop at. Any other stop cuts it. */
async function runDeploy(deps: DeployStageDeps, context: WatchContext): Promise<Deployed> {
  const { value, left } = await deps.source.withCheckout(context.sha, async (tree) => {
    const isCut = async (): Promise<boolean> => context.signal.aborted && !(await deps.isPausing(context.run));
    const watch = createStopWatch(isCut, new AbortController().signal);
    try {
      await context.mayAct();
      const result = await deps.runProgram(['/bin/sh', '-c', deps.command], {
        cwd: tree,
        env: {
          PATH,
          HOME: homedir(),
          LANG: 'C.UTF-8',
          ...deps.target.env,
          LAMPLIGHTER_SHA: context.sha,
          LAMPLIGHTER_SOURCE: tree,
        },
        wallMs: deps.target.timeoutSeconds * 1_000,
        signal: watch.signal,
        keepBytes: KEPT_BYTES,
      });
      if (watch.stopped()) context.signal.throwIfAborted();
      return await showResult(result, deps.redact);
    } finally {
      await watch.end();
    }
  });
  return { ...value, left };
}
