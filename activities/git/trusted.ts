/**
 * Trusted git (invariant 15): told by us alone where its repository is and how it is configured. No hook, no monitor, no
 * user's or system's configuration, no prompt, no protocol but those that a caller names, no credential.
 */
import { describeEnd, exec } from '../exec/exec.ts';
import type { CommandResult } from '../sandbox/port.ts';
import { headOf } from '../../domain/text.ts';

export interface GitCall {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  /** Milliseconds; five minutes when absent. */
  readonly wallMs?: number;
  /** Added to the clean environment: an index of one's own, the push credentials. */
  readonly env?: Readonly<Record<string, string>>;
  /** One character of stdout for each byte: names of files are bytes. */
  readonly bytes?: boolean;
  /** Transports that this call may use, as in GIT_ALLOW_PROTOCOL; none when absent. */
  readonly protocols?: string;
}

/** What git was asked for is too big to be held: of a change of an agent's, the agent's to mend. */
export class TooMuchOutput extends Error {
  override readonly name = 'TooMuchOutput';
}

export interface TrustedGit {
  /** Never throws for how git ended. */
  run(args: readonly string[], call?: GitCall): Promise<CommandResult>;
  /** Stdout; an Error with git's own words unless it exits with 0. */
  text(args: readonly string[], call?: GitCall): Promise<string>;
}

export interface TrustedGitDeps {
  /** The repository; null for a call that makes one. */
  readonly gitDir: string | null;
  /** An empty folder of ours. */
  readonly home: string;
  readonly cwd: string;
  /** A local remote may belong to somebody else: this file says that the operator named it. */
  readonly globalConfig?: string;
  /** The variables of the proxy on the way to remotes: for calls that may use the network alone. */
  readonly proxy?: Readonly<Record<string, string>>;
}

export const NETWORK = 'https:http:ssh:git:file';
export const LOCAL = 'file';
const WALL_MS = 5 * 60_000;
/** Of one answer. What may be more is weighed before it is asked for. */
export const KEEP_BYTES = 64 * 1024 * 1024;

const CONFIG: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.untrackedCache': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  'transfer.fsckObjects': 'true',
  'fetch.fsckObjects': 'true',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'advice.detachedHead': 'false',
  'init.defaultBranch': 'main',
};

const WHO = { name: 'Lamplighter', email: 'lamplighter@lamplighter.invalid' };

export function createTrustedGit(deps: TrustedGitDeps): TrustedGit {
  const optionsOf = ({ cwd, input, wallMs, env, protocols, bytes = false }: GitCall) => ({
    cwd: cwd ?? deps.cwd,
    env: { ...trustedEnvironment(deps, protocols ?? ''), ...env },
    wallMs: wallMs ?? WALL_MS,
    keepBytes: KEEP_BYTES,
    bytes,
    ...(input === undefined ? {} : { input }),
  });
  return {
    run: (args, call = {}) => exec(['git', ...args], optionsOf(call)),
    async text(args, call = {}) {
      const options = { ...optionsOf(call), whole: true };
      const result = await exec(['git', ...args], options);
      // Half an answer would be read as a whole one.
      if (result.droppedBytes > 0)
        throw new TooMuchOutput(
          `git ${args[0]} printed more than ${KEEP_BYTES} bytes: this is too big to be read whole`,
        );
      if (result.end !== 'exited' || result.code !== 0) {
        throw new Error(withoutPassword(`git ${headOf(args.join(' '), 300)} ${describeEnd(result, options.wallMs)}`));
      }
      return result.stdout;
    },
  };
}

export function trustedEnvironment(
  { gitDir, home, globalConfig, proxy }: TrustedGitDeps,
  protocols: string,
): Record<string, string> {
  const entries = Object.entries(CONFIG);
  const config = entries.flatMap(([key, value], at): [string, string][] => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: globalConfig ?? '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // An empty list allows nothing, which is what a call without protocols wants.
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_AUTHOR_NAME: WHO.name,
    GIT_AUTHOR_EMAIL: WHO.email,
    GIT_COMMITTER_NAME: WHO.name,
    GIT_COMMITTER_EMAIL: WHO.email,
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(config),
    ...(gitDir === null ? {} : { GIT_DIR: gitDir }),
    ...(protocols === NETWORK ? proxy : {}),
  };
}

/** What comes from a row or a file is checked before it stands on a command line, where it could be an option. */
export function requireSha(value: string): string {
  if (/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(value)) return value;
  throw new Error(`${JSON.stringify(headOf(value, 80))} is not a commit's full sha`);
}

/** A remote's address may carry a password; messages may not. */
export function withoutPassword(text: string): string {
  // Up to the last @ before the path: it may hold one that nobody escaped.
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s]+@/gi, '$1');
}
