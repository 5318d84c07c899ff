/**
 * How the contract's commands are run, setup and test alike, whoever asks: a gate over its checkout, a run in its worktree, `init`
 * on trial. What works in one of them works in the others.
 */
import { posix } from 'node:path';
import type { Check } from '../../domain/contract.ts';
import type { SandboxEnvironment } from '../sandbox/environment.ts';
import type { SandboxBind, SandboxCommand, SandboxLimits } from '../sandbox/port.ts';

/** Where the repo's files are, as the command sees them. */
export interface CheckPlace {
  readonly dir: string;
  readonly binds: readonly SandboxBind[];
  readonly env: Readonly<Record<string, string>>;
}

const GIB = 1024 ** 3;
/** For each process; the wall clock is the check's own. */
export const CHECK_LIMITS: Omit<SandboxLimits, 'wallMs'> = {
  cpuSeconds: 3_600,
  memoryBytes: 4 * GIB,
  fileBytes: 2 * GIB,
  processes: 1_024,
};

/** By itself jest-junit leaves a file that does not load out of its report: a new test of what main lacks would be red nowhere. */
const TELLS_ALL = { JEST_JUNIT_REPORT_TEST_SUITE_ERRORS: 'true' };

export interface CheckCommandInput {
  readonly check: Pick<Check, 'dir' | 'timeoutSeconds'>;
  readonly environment: SandboxEnvironment;
  readonly place: CheckPlace;
  readonly limits: Omit<SandboxLimits, 'wallMs'>;
}

export function checkCommand(
  command: string,
  { check, environment, place, limits }: CheckCommandInput,
): Omit<SandboxCommand, 'keepBytes'> {
  return {
    argv: ['/bin/sh', '-c', command],
    cwd: posix.join(place.dir, check.dir),
    binds: [...environment.binds, ...place.binds],
    env: { ...environment.env, ...TELLS_ALL, ...place.env, CI: '1', GOFLAGS: uncached(environment.env) },
    path: environment.path,
    hosts: environment.hosts,
    services: environment.services,
    secrets: environment.secrets,
    limits: { ...limits, wallMs: check.timeoutSeconds * 1_000 },
  };
}

/** What is asked twice must be run twice: `go test` would otherwise print what it remembers of the first time. */
function uncached(env: SandboxEnvironment['env']): string {
  return `${env['GOFLAGS'] ?? ''} -count=1`.trim();
}
