/** The contract's setup in a run's worktree, in the sandbox, before the session starts: the agent finds dependencies installed. */
import { join } from 'node:path';
import type { Contract } from '../../domain/contract.ts';
import { NO_DOCKER, wantsDocker } from '../../domain/docker.ts';
import type { Worktree } from '../git/port.ts';
import { DEFAULT_LIMITS, type Environment } from '../sandbox/environment.ts';
import type { CommandResult, Sandbox } from '../sandbox/port.ts';
import type { Beat } from './heartbeat.ts';
import { headOf } from '../../domain/text.ts';

export type SetUpOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export type SetUp = (
  input: { readonly worktree: Worktree; readonly contract: Contract } & Beat,
) => Promise<SetUpOutcome>;

const KEPT_BYTES = 16_000;

export function createSetUp(deps: { readonly sandbox: Sandbox; readonly environment: Environment }): SetUp {
  return async function setUp({ worktree, contract, signal }) {
    const given = deps.environment.forContract(contract);
    for (const check of contract.checks) {
      if (check.setup === null) continue;
      const result = await deps.sandbox.run({
        argv: ['sh', '-c', check.setup],
        cwd: join(worktree.dir, check.dir),
        binds: [...given.binds, ...worktree.binds],
        env: { ...given.env, ...worktree.env, CI: '1' },
        path: given.path,
        hosts: given.hosts,
        services: given.services,
        secrets: given.secrets,
        limits: { ...DEFAULT_LIMITS, wallMs: check.timeoutSeconds * 1000 },
        lock: worktree.lock,
        signal,
        keepBytes: KEPT_BYTES,
      });
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
