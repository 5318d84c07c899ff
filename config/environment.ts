/** What the environment may say. Beside secrets named in `lamplighter.yaml`, these variables are all there is. */
import { cacheRoot, resolveTemporal } from '../bin/bootstrap/temporal.mjs';
import type { LoadedConfig } from './types.ts';
import { ConfigError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `ANTHROPIC_API_KEY`; an empty one counts as none. */
export function modelKey(env: Environment): string | null {
  return env['ANTHROPIC_API_KEY']?.trim() || null;
}

/** The Temporal CLI: `LAMPLIGHTER_TEMPORAL`, else PATH, else the cache that the bootstrap fills; null when there is none. */
export function temporalExecutable(env: Environment): string | null {
  return resolveTemporal({ ...env })?.path ?? null;
}

/** `XDG_CACHE_HOME`, else `~/.cache`: where the bootstrap, too, keeps what can be made again. */
export function cacheDir(env: Environment): string {
  return cacheRoot({ ...env });
}

/** `LAMPLIGHTER_CRASH=<point>[@n][,…]`, for tests only: the nth passing of a named point kills the process, once. */
export function crashPlan(env: Environment, markerDir: string): LoadedConfig['crashPlan'] {
  const given = env['LAMPLIGHTER_CRASH'];
  if (given === undefined || given === '') return null;
  const points = given.split(',').map((one) => {
    const match = /^([a-z0-9][a-z0-9._-]*)(?:@([1-9]\d{0,5}))?$/i.exec(one.trim());
    if (match?.[1] === undefined) {
      throw new ConfigError([
        `LAMPLIGHTER_CRASH: expected <point> or <point>@<n>, found ${JSON.stringify(given)}: correct or unset it`,
      ]);
    }
    return { point: match[1], at: Number(match[2] ?? 1) };
  });
  return { points, markerDir };
}
