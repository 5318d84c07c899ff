/**
 * The resolved configuration as one private file, so that the processes of one `up` all see the same one and none of
 * them reads the environment again. It holds secrets: mode 0600, in a folder of the data directory.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from './errors.ts';
import { loadedConfig } from './shape.ts';
import type { Config, LoadedConfig } from './types.ts';

export interface ResolvedConfig {
  readonly config: Config;
  readonly crash: LoadedConfig['crashPlan'];
  readonly operatorToken: string;
  readonly scenarioDir: string | null;
  readonly cacheDir: string;
}

/** Writes `<dataDir>/run/config.json` and answers with its path. */
export function writeResolvedConfig(dataDir: string, loaded: LoadedConfig): string {
  const file = join(dataDir, 'run', 'config.json');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.tmp`, `${JSON.stringify(loadedConfig.parse(loaded), null, 2)}\n`, { mode: 0o600 });
  // The mode above holds for a new file only.
  chmodSync(`${file}.tmp`, 0o600);
  renameSync(`${file}.tmp`, file);
  return file;
}

/** Throws a ConfigError when the file is not one that this version wrote. The operator's token is read from its own file. */
export function readResolvedConfig(file: string): ResolvedConfig {
  const parsed = loadedConfig.safeParse(JSON.parse(readFileSync(file, 'utf8')) as unknown);
  if (!parsed.success) {
    const errors = parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError([...errors, `${file}: was not written by this version: restart \`lamplighter up\``]);
  }
  const resolved = resolvedOf(parsed.data);
  const operatorToken = readFileSync(join(resolved.config.dataDir, 'operator.token'), 'utf8').trim();
  return { ...resolved, operatorToken };
}

/** What of it everybody works with, apart from what only the processes of one `up` need. */
export function resolvedOf(loaded: LoadedConfig): Omit<ResolvedConfig, 'operatorToken'> {
  const {
    crashPlan,
    scenarioDir,
    cacheDir,
    temporalExecutable: _executable,
    temporalEmbedded: _embedded,
    ...config
  } = loaded;
  return { config, crash: crashPlan, scenarioDir, cacheDir };
}
