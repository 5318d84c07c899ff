/** What most likely helps, told from what a failed check printed. Guesses, and said to be: the log stands beside them. */
import { NO_DOCKER, wantsDocker } from '../../domain/docker.ts';

interface Sign {
  readonly seen: RegExp;
  readonly remedy: (match: RegExpExecArray) => string;
}

const SIGNS: readonly Sign[] = [
  {
    seen: /ECONNREFUSED[^\n]*:(5432|3306|6379|27017)|connection refused[^\n]*(postgres|redis|mysql)/i,
    remedy: () =>
      'the tests want a database: list a postgres or redis under `services` (docs/contract.md), or leave those tests out',
  },
  {
    seen: /No module named '?([\w.]+)'?/,
    remedy: ([, name]) =>
      name === 'ensurepip'
        ? 'the system’s Python cannot make virtual environments: install its venv package, or put another python3 first on PATH'
        : `the Python module ${name} is missing: have \`setup\` install it, such as by a requirements file`,
  },
  {
    seen: /Cannot find (?:module|package) '([^'.][^']*)'/,
    remedy: ([, name]) => `the package ${name} is missing: have \`setup\` install it, such as by npm ci`,
  },
  {
    seen: /no required module provides package (\S+)|cannot find module providing package (\S+)/,
    remedy: ([, one, other]) =>
      `the Go module ${one ?? other} is missing: go mod tidy, commit, and have \`setup\` download`,
  },
  {
    seen: /ENOTFOUND|EAI_AGAIN|ENETUNREACH|name resolution|Could not resolve|Network is unreachable|dial tcp|no matching package named/i,
    remedy: () => 'something wants the network: list the exact hosts under `network`, and download in `setup`',
  },
  {
    seen: /EROFS|Read-only file system/i,
    remedy: () => 'something writes outside the checkout, which is read-only: have it write into its folder or $TMPDIR',
  },
  {
    seen: /(?:sh: (?:\d+: )?|command not found: |env: [‘'"]?)([\w.-]+)(?:[’'"]?: not found|: command not found|[’'"]?: No such file)/,
    remedy: ([, name]) => `${name} is not in the sandbox: declare its folder under toolchains in lamplighter.yaml`,
  },
];

/** Null when nothing that is known shows. */
export function remedyFor(log: string, refusedHosts: readonly string[]): string | null {
  if (refusedHosts.length > 0) {
    return `it wants the network: add ${refusedHosts.join(', ')} under \`network\`, if these may be reached`;
  }
  if (wantsDocker(log)) return NO_DOCKER;
  for (const { seen, remedy } of SIGNS) {
    const match = seen.exec(log);
    if (match !== null) return remedy(match);
  }
  return null;
}
