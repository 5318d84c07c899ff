/**
 * Deploy: the operator's command, outside the sandbox, with the operator's credentials. Its effect is keyed by the sha:
 * after a crash it is run again for the same sha, which the command must fold (`DeployTarget.command`); the evidence says
 * that it was. What it is given to read is a checkout whose git configuration no agent wrote (invariant 15).
 */
import { homedir } from 'node:os';
import { isUrgent } from '../../domain/act.ts';
import { createStopWatch } from '../pace/stop-watch.ts';
import { isKilled } from '../pace/kill-switch.ts';
import { notYet } from '../pace/waiting.ts';
import { endInWords, lastLine, showResult, type ShownResult } from './output.ts';
import type { WatcherParts } from './watcher-parts.ts';
import type { StageWatcher, WatchContext } from './port.ts';
import { runSubject } from '../../domain/unit.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const KEPT_BYTES = 1024 * 1024;

export function createCommandWatcher(parts: WatcherParts): StageWatcher | null {
  const { command } = parts.target;
  if (command === null) return null;
  return {
    stage: 'deploy',
    isDeclared: () => true,

    async observe(context) {
      if (await isKilled(parts.store.control, parts.dataDir))
        throw notYet('the kill switch is on: nothing is deployed');
      const key = `deploy/${parts.repoKey}/${context.sha}/${context.run}/${context.look}`;
      const { left = null, ...shown } = await parts.perform<Deployed>({
        key,
        name: 'deploy',
        class: 'keyed',
        unit: runSubject(context.run),
        act: () => runDeploy(parts, command, context),
      });
      const attempts =
        (await parts.store.effects.list(runSubject(context.run))).find((one) => one.key === key)?.attempts ?? 1;
      const again = attempts > 1 ? `; run ${attempts} times, because the outcome of the first was lost` : '';
      const rest = left === null ? '' : `; ${left}`;
      const green = shown.end === 'exited' && shown.code === 0;
      const how = green ? 'passed' : `${endInWords(shown, parts.target.timeoutSeconds * 1_000)}${lastLine(shown.log)}`;
      return {
        verdict: green ? 'green' : 'red',
        reason: `the deploy command for ${context.sha.slice(0, 10)} ${how}${again}${rest}`,
        body: { attempts, repeated: attempts > 1, ...shown, left },
      };
    },
  };
}

interface Deployed extends ShownResult {
  /** In words what keeps its folder; absent in results from before that was said. */
  readonly left?: string | null;
}

/** Whether what stops the look is a person's pause, and nothing more urgent. */
async function isPausing({ store }: WatcherParts, run: string): Promise<boolean> {
  const acts = await store.acts.unread(run);
  return acts.some(({ data }) => data.kind === 'pause') && !acts.some(({ data }) => isUrgent(data));
}

/** A pause waits for its end: half a deploy is no place to stop at. Any other stop cuts it. */
async function runDeploy(parts: WatcherParts, command: string, context: WatchContext): Promise<Deployed> {
  const { value, left } = await parts.source.withCheckout(context.sha, async (tree) => {
    const isCut = async (): Promise<boolean> => context.signal.aborted && !(await isPausing(parts, context.run));
    const watch = createStopWatch(isCut, new AbortController().signal);
    try {
      await context.mayAct();
      const result = await parts.runProgram(['/bin/sh', '-c', command], {
        cwd: tree,
        env: {
          PATH,
          HOME: homedir(),
          LANG: 'C.UTF-8',
          ...parts.target.env,
          LAMPLIGHTER_SHA: context.sha,
          LAMPLIGHTER_SOURCE: tree,
        },
        wallMs: parts.target.timeoutSeconds * 1_000,
        signal: watch.signal,
        keepBytes: KEPT_BYTES,
      });
      if (watch.stopped()) context.signal.throwIfAborted();
      return await showResult(result, parts.redact);
    } finally {
      await watch.end();
    }
  });
  return { ...value, left };
}
