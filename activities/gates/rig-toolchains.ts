/**
 * What the sandbox of a rig knows to run. A program is asked where it lives only where a contract names it: behind pyenv the answer takes seventy
 * processes.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { builtinToolchains } from '../../config/defaults.ts';
import type { Toolchain } from '../../config/types.ts';

/**
 * Node, and where there are such: the Python that has pytest, Go, which asks nobody for modules and takes no time to vet, and Rust, which prepares
 * for no debugger and no second build.
 */
const FOUND: Readonly<Record<string, () => Toolchain | null>> = {
  node: once(() => builtinToolchains(process.execPath)['node'] ?? null),
  python: once(() => rooted(answerOf('python3', '-c', 'import sys, pytest; print(sys.prefix)'), {})),
  go: once(() =>
    rooted(answerOf('go', 'env', 'GOROOT'), {
      GOPROXY: 'off',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
      GOFLAGS: '-vet=off',
    }),
  ),
  rust: once(() =>
    rooted(answerOf('rustc', '--print', 'sysroot'), { CARGO_INCREMENTAL: '0', CARGO_PROFILE_DEV_DEBUG: '0' }),
  ),
};

export function hasPytest(): boolean {
  return FOUND['python']?.() != null;
}

/** Those of these names that this machine has. */
export function toolchainsOf(names: readonly string[]): Record<string, Toolchain> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = FOUND[name]?.() ?? null;
      return found === null ? [] : [[name, found] as const];
    }),
  );
}

function once<T>(ask: () => T): () => T {
  let answer: { readonly is: T } | null = null;
  return () => (answer ??= { is: ask() }).is;
}

function rooted(root: string | null, env: Toolchain['env']): Toolchain | null {
  return root === null ? null : { bind: [root], path: [join(root, 'bin')], env };
}

function answerOf(program: string, ...args: string[]): string | null {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}
