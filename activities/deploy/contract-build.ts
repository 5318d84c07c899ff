/** Build: the contract's commands, one after the other, on a clean checkout of the pushed sha, in the sandbox. */
import { NO_DOCKER, wantsDocker } from '../../domain/docker.ts';
import type { SandboxLimits } from '../sandbox/port.ts';
import { endInWords, lastLine, showResult, type ShownResult } from './output.ts';
import type { StageWatcher, WatchContext } from './port.ts';
import type { BuildEnvironment, WatcherParts } from './watcher-parts.ts';

const LIMITS: SandboxLimits = {
  wallMs: 30 * 60_000,
  cpuSeconds: 60 * 60,
  memoryBytes: 4 * 1024 ** 3,
  fileBytes: 4 * 1024 ** 3,
  processes: 512,
};
/** Where the tree stands inside, whatever it is called outside. */
const PLACE = '/checkout';
const KEPT_BYTES = 1024 * 1024;

export function createBuildWatcher(parts: WatcherParts): StageWatcher {
  return {
    stage: 'build',
    isDeclared: ({ build }) => build.length > 0,

    async observe({ contract, ...context }) {
      const { value, left } = await parts.source.withCheckout(context.sha, async (tree, empty) => {
        const given = await parts.environment.forContract(contract);
        const ran: (ShownResult & { readonly command: string })[] = [];
        for (const command of contract.build) {
          const shown = await runCommand(parts, given, { command, tree, context });
          ran.push({ command, ...shown });
          if (shown.end === 'exited' && shown.code === 0) continue;
          const notes = [...(wantsDocker(shown.log) ? [NO_DOCKER] : []), ...empty].map((one) => `; ${one}`).join('');
          const how = `${endInWords(shown, LIMITS.wallMs)} on a clean checkout${lastLine(shown.log)}`;
          return { verdict: 'red', reason: `\`${command}\` ${how}${notes}`, ran } as const;
        }
        return { verdict: 'green', reason: `${ran.length} build commands passed on a clean checkout`, ran } as const;
      });
      const reason = left === null ? value.reason : `${value.reason}; ${left}`;
      return { verdict: value.verdict, reason, body: { commands: value.ran, left } };
    },
  };
}

async function runCommand(
  parts: WatcherParts,
  given: BuildEnvironment,
  { command, tree, context }: { readonly command: string; readonly tree: string; readonly context: WatchContext },
): Promise<ShownResult> {
  const result = await parts.sandbox.run({
    argv: ['/bin/sh', '-c', command],
    cwd: PLACE,
    binds: [...given.binds, ...parts.checkoutBinds, { from: tree, to: PLACE, mode: 'rw' }],
    env: { ...given.env, CI: '1', LAMPLIGHTER_SHA: context.sha },
    path: given.path,
    hosts: given.hosts,
    services: given.services,
    limits: LIMITS,
    signal: context.signal,
    keepBytes: KEPT_BYTES,
  });
  // Stopped by a cancellation or a draining worker: that says nothing of the build.
  context.signal.throwIfAborted();
  // The machine's failure and not the commit's: tried again, like a sandbox that can't be set up.
  if (result.unserved !== undefined) throw new Error(`\`${command}\` was not run: ${result.unserved}`);
  return showResult(result, parts.redact);
}
