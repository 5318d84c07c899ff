/**
 * The configuration with every default filled in: what the operator decides. Paths are absolute. One shape for all: the loader makes it,
 * the processes of one `up` hand it on, and the types that code works with are inferred from it (types.ts).
 */
import { z } from 'zod';
import type { RunBounds } from '../domain/bounds.ts';
import type { Caps } from '../domain/caps.ts';
import type { Price } from '../domain/money.ts';
import type { WatchLimits } from '../domain/watchdog/condition.ts';
import { resolvedExecutor } from './executors.ts';
import { resolvedNotifier } from './notifiers.ts';
import { addressText, environmentOf, loginText, secretText } from './schemas/secret-types.ts';
import { resolvedTracker } from './trackers.ts';
import { resolvedDeploy } from './watchers.ts';

const text = z.string();
const texts = z.array(text);
const named = z.record(text, text);
const number = z.number();

export const testVariable = z.strictObject({
  value: text,
  /** The session has it too, and so has the model that reads what its commands print. */
  session: z.boolean(),
});

export const repo = z.strictObject({
  key: text,
  name: text,
  /** Git URL or absolute path. */
  remote: addressText('remote'),
  branch: text,
  tracker: resolvedTracker,
  /** Environment of the push process only, such as `GIT_ASKPASS` or `GIT_SSH_COMMAND`; secrets resolved from files or the environment. */
  pushEnv: environmentOf(text),
  /** Addresses of submodules that may be fetched, as `remote` is; absent: none. */
  submodules: texts.exactOptional(),
  /** What the contract may ask for by name under `secrets`; absent: nothing. */
  testEnv: environmentOf(testVariable).exactOptional(),
  deploy: resolvedDeploy,
});

export const toolchain = z.strictObject({
  /** Absolute folders bound read-only at the same path inside. */
  bind: texts,
  /** Absolute folders put in front of PATH. */
  path: texts,
  env: named,
});

/** How the outside is reached from this machine. */
export const egress = z.strictObject({
  /** `host:port` of an HTTP proxy that all goes through, and that resolves the names; null: none. */
  proxy: text.nullable(),
  /** `user:password` for it, a secret; null: it asks for none. */
  login: loginText('proxy').nullable().exactOptional(),
  /** Names that are reached without it, each with all below it; `*`: all. This machine's own always are. */
  direct: texts.exactOptional(),
  /** Names that may stand for an address that is not public. A contract must list them under `network` too. */
  privateHosts: texts,
});

const rates = { input: number, output: number, cacheRead: number, cacheWrite: number };
const price: z.ZodType<Price> = z.strictObject({
  ...rates,
  above: z.strictObject({ tokens: number, ...rates }).exactOptional(),
});

export const model = z.strictObject({
  provider: z.enum(['anthropic', 'scripted']),
  name: text,
  /** Null: the SDK's own address. */
  baseUrl: text.nullable(),
  apiKey: secretText('model key').nullable(),
  maxTokens: number,
  prices: z.record(text, price),
});

export const store = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), file: text }),
  z.strictObject({ kind: z.literal('postgres'), url: addressText('store') }),
]);

const bounds: z.ZodType<RunBounds> = z.strictObject({
  verifyRounds: number,
  turns: number,
  sessionMs: number,
  issueMicroUsd: number,
  races: number,
  fixAttempts: number,
  fixMs: number,
  watchMs: number,
});

const windowCaps = z.strictObject({ dayMicroUsd: number, monthMicroUsd: number });
const caps: z.ZodType<Caps> = z.strictObject({
  total: windowCaps,
  anyRepo: windowCaps,
  repos: z.record(text, windowCaps),
});

const limits: z.ZodType<WatchLimits> = z.strictObject({
  unseenMs: number,
  marginMs: number,
  actMs: number,
  slotMs: number,
  baseRedMs: number,
  pauseMs: number,
  approvalMs: number,
  frozenMs: number,
  killSwitchMs: number,
  capMs: number,
  queueMs: number,
  diskFreeBytes: number,
});

export const watchdog = z.strictObject({
  /** Between two looks. */
  everyMs: number,
  limits,
  /** Somebody else's dead-man service, which calls when it hears nothing; null: nobody is told that this process is alive. */
  ping: z.strictObject({ url: secretText('watchdog ping'), everyMs: number }).nullable(),
});

/** A value that must not be written down, under a name that may be. */
export const knownSecret = z.strictObject({ name: text, value: text });

export const config = z.strictObject({
  dataDir: text,
  repos: z.array(repo),
  /** Repo names that may be dispatched; empty by default (invariant 8). */
  allow: texts,
  store,
  temporal: z.strictObject({
    address: text,
    namespace: text,
    webUrl: text.nullable(),
    /** Whether signals sent with Temporal's own tools, which carry nobody's name, are honoured. */
    unattributedSignals: z.boolean(),
  }),
  api: z.strictObject({
    port: number,
    /** What it listens at: an address, or `localhost`. */
    host: text,
    publicUrl: text,
    /** Further names that people use in the place of the host of `publicUrl`. */
    names: texts,
  }),
  model,
  bounds,
  caps,
  watchdog,
  /** Channels by which people are called, in the order in which they are tried. */
  notifiers: z.array(resolvedNotifier),
  /** What drives the model of a session. */
  executor: resolvedExecutor,
  /** Runs that may work at once. */
  slots: number,
  pollSeconds: number,
  toolchains: z.record(text, toolchain),
  /** Absent: directly, to public addresses only. */
  egress: egress.exactOptional(),
  /** Seconds after which a silent worker's activity is given to another. */
  heartbeatSeconds: number,
  /** What the file only named: values read from a variable or a file of the operator's. */
  secrets: z.array(knownSecret).exactOptional(),
});

/** With what only the processes of this `up` need. */
export const loadedConfig = config.extend({
  /** Folder of the scripted model's scenario files; null with a real model. */
  scenarioDir: text.nullable(),
  /** The Temporal CLI; null when it was not found or an address was configured. */
  temporalExecutable: text.nullable(),
  /** False where `temporal.address` names a server that somebody else runs. */
  temporalEmbedded: z.boolean(),
  /** Of this machine's user: what can be made again, and takes time. */
  cacheDir: text,
  /** For tests only: `CrashPlan` of activities/effects. */
  crashPlan: z
    .strictObject({ points: z.array(z.strictObject({ point: text, at: number })), markerDir: text })
    .nullable(),
});
