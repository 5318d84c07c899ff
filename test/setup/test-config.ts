/** A whole configuration for tests: what the loader makes of an empty file, and what a test says of its own. A new key is there by itself. */
import { NO_DEPLOY, PRICES, SCRIPTED_MODEL_NAME } from '../../config/defaults.ts';
import { loadConfig } from '../../config/load.ts';
import { localIssues } from '../../config/trackers/local.ts';
import { resolvedOf } from '../../config/resolved.ts';
import type { Config, RepoConfig } from '../../config/types.ts';

const PORTS = { api: 7070, temporal: 1, temporalUi: 1, model: 1 } as const;

export function testConfig(dataDir: string, about: Partial<Config>): Config {
  const { config } = resolvedOf(loadConfig({ file: null, dataDir, env: {}, ports: PORTS }));
  return { ...config, ...about };
}

/** The scripted model that listens there. */
export function scriptedModel(baseUrl: string): Config['model'] {
  return { provider: 'scripted', name: SCRIPTED_MODEL_NAME, baseUrl, apiKey: null, maxTokens: 4_000, prices: PRICES };
}

export interface TestRepo extends Partial<Omit<RepoConfig, 'tracker' | 'deploy'>> {
  readonly key: string;
  readonly name: string;
  /** Folder of its local tracker. */
  readonly issues: string;
  readonly people?: Readonly<Record<string, 'admin' | 'write' | 'read'>>;
  readonly deploy?: Partial<RepoConfig['deploy']>;
}

export function testRepo({ issues, people = {}, deploy, ...about }: TestRepo): RepoConfig {
  return {
    remote: '/nowhere',
    branch: 'main',
    pushEnv: {},
    tracker: localIssues(issues, people),
    deploy: { ...NO_DEPLOY, timeoutSeconds: 30, ...deploy },
    ...about,
  };
}
