/**
 * The resolved configuration as one private file, so that the processes of one `up` all see the same one and none of
 * them reads the environment again. It holds secrets: mode 0600, in a folder of the data directory.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { CrashPlan } from '../activities/effects/crash-point.ts';
import { ConfigError } from './errors.ts';
import type { Config } from './types.ts';

/** Beside the configuration: what only the processes of this `up` need. */
export interface LoadedConfig extends Config {
  /** Folder of the scripted model's scenario files; null with a real model. */
  readonly scenarioDir: string | null;
  /** The Temporal CLI; null when it was not found or an address was configured. */
  readonly temporalExecutable: string | null;
  /** False where `temporal.address` names a server that somebody else runs. */
  readonly temporalEmbedded: boolean;
  /** Of this machine's user: what can be made again, and takes time. */
  readonly cacheDir: string;
  /** For tests only. */
  readonly crashPlan: CrashPlan | null;
}

export interface ResolvedConfig {
  readonly config: Config;
  readonly crash: CrashPlan | null;
  readonly operatorToken: string;
  readonly scenarioDir: string | null;
  readonly cacheDir: string;
}

/** Writes `<dataDir>/run/config.json` and answers with its path. */
export function writeResolvedConfig(dataDir: string, loaded: LoadedConfig): string {
  const file = join(dataDir, 'run', 'config.json');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.tmp`, `${JSON.stringify(loaded, null, 2)}\n`, { mode: 0o600 });
  // The mode above holds for a new file only.
  chmodSync(`${file}.tmp`, 0o600);
  renameSync(`${file}.tmp`, file);
  return file;
}

/** Throws a ConfigError when the file is not one that this version wrote. The operator's token is read from its own file. */
export function readResolvedConfig(file: string): ResolvedConfig {
  const parsed = loadedSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')) as unknown);
  if (!parsed.success) {
    const errors = parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError([...errors, `${file}: was not written by this version: restart \`lamplighter up\``]);
  }
  const {
    crashPlan,
    scenarioDir,
    cacheDir,
    temporalExecutable: _executable,
    temporalEmbedded: _embedded,
    ...config
  } = parsed.data;
  const operatorToken = readFileSync(join(config.dataDir, 'operator.token'), 'utf8').trim();
  return { config: config as Config, crash: crashPlan, operatorToken, scenarioDir, cacheDir };
}

const windowCaps = z.strictObject({ dayMicroUsd: z.number(), monthMicroUsd: z.number() });
const texts = z.record(z.string(), z.string());
const rates = { input: z.number(), output: z.number(), cacheRead: z.number(), cacheWrite: z.number() };
const health = z.strictObject({
  url: z.string(),
  version: z.string(),
  times: z.number(),
  everySeconds: z.number(),
  timeoutSeconds: z.number(),
});

const loadedSchema = z.strictObject({
  dataDir: z.string(),
  repos: z.array(
    z.strictObject({
      key: z.string(),
      name: z.string(),
      remote: z.string(),
      branch: z.string(),
      tracker: z.strictObject({
        kind: z.literal('local'),
        dir: z.string(),
        people: z.record(z.string(), z.enum(['admin', 'write', 'read'])),
      }),
      pushEnv: texts,
      submodules: z.array(z.string()).optional(),
      testEnv: z.record(z.string(), z.strictObject({ value: z.string(), session: z.boolean() })).optional(),
      deploy: z.strictObject({
        command: z.string().nullable(),
        timeoutSeconds: z.number(),
        env: texts,
        health: health.nullable(),
      }),
    }),
  ),
  allow: z.array(z.string()),
  store: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('sqlite'), file: z.string() }),
    z.strictObject({ kind: z.literal('postgres'), url: z.string() }),
  ]),
  temporal: z.strictObject({
    address: z.string(),
    namespace: z.string(),
    webUrl: z.string().nullable(),
    unattributedSignals: z.boolean(),
  }),
  api: z.strictObject({ port: z.number(), publicUrl: z.string() }),
  model: z.strictObject({
    provider: z.enum(['anthropic', 'scripted']),
    name: z.string(),
    baseUrl: z.string().nullable(),
    apiKey: z.string().nullable(),
    maxTokens: z.number(),
    prices: z.record(
      z.string(),
      z.strictObject({ ...rates, above: z.strictObject({ tokens: z.number(), ...rates }).optional() }),
    ),
  }),
  bounds: z.strictObject({
    verifyRounds: z.number(),
    turns: z.number(),
    sessionMs: z.number(),
    issueMicroUsd: z.number(),
    races: z.number(),
    fixAttempts: z.number(),
    fixMs: z.number(),
    watchMs: z.number(),
  }),
  caps: z.strictObject({
    total: windowCaps,
    anyRepo: windowCaps,
    repos: z.record(z.string(), windowCaps),
  }),
  watchdog: z.strictObject({
    everyMs: z.number(),
    limits: z.strictObject({
      unseenMs: z.number(),
      marginMs: z.number(),
      actMs: z.number(),
      slotMs: z.number(),
      baseRedMs: z.number(),
      pauseMs: z.number(),
      approvalMs: z.number(),
      frozenMs: z.number(),
      killSwitchMs: z.number(),
      capMs: z.number(),
      queueMs: z.number(),
      diskFreeBytes: z.number(),
    }),
    ping: z.strictObject({ url: z.string(), everyMs: z.number() }).nullable(),
  }),
  slots: z.number(),
  pollSeconds: z.number(),
  toolchains: z.record(
    z.string(),
    z.strictObject({ bind: z.array(z.string()), path: z.array(z.string()), env: texts }),
  ),
  egress: z
    .strictObject({
      proxy: z.string().nullable(),
      login: z.string().nullable().optional(),
      direct: z.array(z.string()).optional(),
      privateHosts: z.array(z.string()),
    })
    .optional(),
  heartbeatSeconds: z.number(),
  secrets: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  scenarioDir: z.string().nullable(),
  temporalExecutable: z.string().nullable(),
  temporalEmbedded: z.boolean(),
  cacheDir: z.string(),
  crashPlan: z
    .strictObject({
      points: z.array(z.strictObject({ point: z.string(), at: z.number() })),
      markerDir: z.string(),
    })
    .nullable(),
});
