/** Build: the contract's commands, one after the other, on a clean checkout of the pushed sha, in the sandbox. */
import type { Contract } from '../../domain/contract.ts';
import { NO_DOCKER, wantsDocker } from '../../domain/docker.ts';
import type { StageVerdict } from '../../domain/verdict.ts';
import type { Sandbox, SandboxBind, SandboxLimits, SandboxService } from '../sandbox/port.ts';
import { endInWords, lastLine, showResult, type Redact, type ShownResult } from './output.ts';
import type { WatchContext } from './port.ts';
import type { SourceTree } from './source-tree.ts';
import type { StageRecord } from './stage-record.ts';

/** What the contract's toolchain, network and services come to in the sandbox. */
export interface BuildEnvironment {
  readonly binds: readonly SandboxBind[];
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly hosts: readonly string[];
  readonly services: readonly SandboxService[];
}

export interface BuildStageDeps {
  readonly sandbox: Sandbox;
  readonly environment: { forContract(contract: Contract): BuildEnvironment | Promise<BuildEnvironment> };
  /** What git in a checkout needs to see beside it, such as the objects that it borrows. */
  readonly checkoutBinds: readonly SandboxBind[];
  readonly limits: SandboxLimits;
  readonly source: SourceTree;
  readonly record: StageRecord;
  readonly redact: Redact;
}

/** Where the tree stands inside, whatever it is called outside. */
const PLACE = '/checkout';
const KEPT_BYTES = 1024 * 1024;

export function createBuildStage(
  deps: BuildStageDeps,
): (contract: Contract, context: WatchContext) => Promise<StageVerdict> {
  return async function observeBuild(contract, context) {
    const { value, left } = await deps.source.withCheckout(context.sha, async (tree, empty) => {
      const given = await deps.environment.forContract(contract);
      const ran: (ShownResult & { readonly command: string })[] = [];
      for (const command of contract.build) {
        const shown = await runCommand(deps, given, { command, tree, context });
        ran.push({ command, ...shown });
        if (shown.end === 'exited' && shown.code === 0) continue;
        const reason = `\`${command}\` ${endInWords(shown, deps.limits.wallMs)} on a clean checkout${lastLine(shown.log)}${[...(wantsDocker(shown.log) ? [NO_DOCKER] : []), ...empty].map((one) => `; ${one}`).join('')}`;
        return { verdict: 'red', reason, ran } as const;
      }
      const reason = `${ran.length} build commands passed on a clean checkout`;
      return { verdict: 'green', reason, ran } as const;
    });
    const reason = left === null ? value.reason : `${value.reason}; ${left}`;
    return deps.record.keep(context, {
      stage: 'build',
      verdict: value.verdict,
      reason,
      body: { commands: value.ran, left },
    });
  };
}

async function runCommand(
  deps: BuildStageDeps,
  given: BuildEnvironment,
  { command, tree, context }: { readonly command: string; readonly tree: string; readonly context: WatchContext },
): Promise<ShownResult> {
  const result = await deps.sandbox.run({
    argv: ['/bin/sh', '-c', command],
    cwd: PLACE,
    binds: [...given.binds, ...deps.checkoutBinds, { from: tree, to: PLACE, mode: 'rw' }],
    env: { ...given.env, CI: '1', LAMPLIGHTER_SHA: context.sha },
    path: given.path,
    hosts: given.hosts,
    services: given.services,
    limits: deps.limits,
    signal: context.signal,
    keepBytes: KEPT_BYTES,
  });
  // Stopped by a cancellation or a draining worker: that says nothing of the build.
  context.signal.throwIfAborted();
  // The machine's failure and not the commit's: tried again, like a sandbox that can't be set up.
  if (result.unserved !== undefined) throw new Error(`\`${command}\` was not run: ${result.unserved}`);
  return showResult(result, deps.redact);
}
