/** The contract's setup in a run's worktree, in the sandbox, before the session starts: the agent finds dependencies installed. */
import type { Contract } from '../../domain/contract.ts';
import { NO_DOCKER, wantsDocker } from '../../domain/docker.ts';
import { CHECK_LIMITS, checkCommand } from '../gates/check-command.ts';
import type { Worktree } from '../git/port.ts';
import type { Environment } from '../sandbox/environment.ts';
import type { CommandResult, Sandbox } from '../sandbox/port.ts';
import type { Beat } from '../pace/heartbeat.ts';
import { headOf } from '../../domain/text.ts';

export type SetUpOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export type SetUp = (
  input: { readonly worktree: Worktree; readonly contract: Contract } & Beat,
) => Promise<SetUpOutcome>;

const KEPT_BYTES = 16_000;

export function createSetUp(deps: { readonly sandbox: Sandbox; readonly environment: Environment }): SetUp {
  return async function setUp({ worktree, contract, signal }) {
    const environment = deps.environment.forContract(contract);
    for (const check of contract.checks) {
      if (check.setup === null) continue;
      const asked = checkCommand(check.setup, { check, environment, place: worktree, limits: CHECK_LIMITS });
      const result = await deps.sandbox.run({ ...asked, lock: worktree.lock, signal, keepBytes: KEPT_BYTES });
      if (result.end === 'aborted') signal.throwIfAborted();
      if (result.end === 'exited' && result.code === 0) continue;
      if (result.unserved !== undefined)
        return {
          ok: false,
          reason: `the setup of check ${check.name} was not run in the worktree: ${result.unserved}`,
        };
      const how = result.end === 'exited' ? `exited with ${result.code}` : `ended by ${result.end}`;
      return {
        ok: false,
        reason: `the setup of check ${check.name} ${how} in the worktree: ${lastLine(result.stderr || result.stdout)}${dockerHint(result)}`,
      };
    }
    return { ok: true };
  };
}

function dockerHint({ stdout, stderr }: CommandResult): string {
  return wantsDocker(`${stdout}\n${stderr}`) ? `; ${NO_DOCKER}` : '';
}

function lastLine(output: string): string {
  return headOf(output.trimEnd().split('\n').at(-1) ?? '', 300);
}
