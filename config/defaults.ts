/** What holds where `lamplighter.yaml` says nothing. */
import { dirname } from 'node:path';
import type { Caps } from '../domain/caps.ts';
import type { Price } from '../domain/money.ts';
import { DEFAULT_BOUNDS, type RunBounds } from '../domain/bounds.ts';
import { createReferences } from './secrets.ts';
import type { DeployTarget, Toolchain, WatchdogConfig } from './types.ts';
import { resolveDeploy } from './watchers.ts';

export const MODEL_NAME = 'claude-opus-5-5';
export const SCRIPTED_MODEL_NAME = 'scripted';
export const MAX_TOKENS = 16_000;
export const SLOTS = 2;
export const POLL_SECONDS = 30;
export const HEARTBEAT_SECONDS = 15;
export const NAMESPACE = 'lamplighter';

/** Of a repo without `deploy`: only what its contract builds is watched. */
export const NO_DEPLOY: DeployTarget = resolveDeploy(
  {},
  createReferences({ folder: '/', env: {}, fail: () => {} }),
  [],
);

export const BOUNDS: RunBounds = DEFAULT_BOUNDS;

/**
 * Enough for a busy evening, and no ruin for who forgets that it runs: one repo gone wild takes half, so that the others go on; a month
 * is ten full days, because every day at its cap is not what a person meant.
 */
export const CAPS: Caps = {
  total: { dayMicroUsd: 50_000_000, monthMicroUsd: 500_000_000 },
  anyRepo: { dayMicroUsd: 25_000_000, monthMicroUsd: 250_000_000 },
  repos: {},
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Short where a machine should do something, a working day or so where a person should. */
export const WATCHDOG: WatchdogConfig = {
  everyMs: 15_000,
  limits: {
    unseenMs: 3 * MINUTE_MS,
    marginMs: 10 * MINUTE_MS,
    actMs: 15 * MINUTE_MS,
    slotMs: 4 * HOUR_MS,
    baseRedMs: 4 * HOUR_MS,
    pauseMs: 24 * HOUR_MS,
    approvalMs: 24 * HOUR_MS,
    frozenMs: 24 * HOUR_MS,
    killSwitchMs: HOUR_MS,
    capMs: 24 * HOUR_MS,
    queueMs: 15 * MINUTE_MS,
    diskFreeBytes: 1024 ** 3,
  },
  ping: null,
};

/** List prices in dollars per million tokens as of November 2026; cache writes are those of the five-minute cache. */
export const PRICES: Readonly<Record<string, Price>> = {
  'claude-fable-5-2': { input: 8, output: 40, cacheRead: 0.2, cacheWrite: 10 },
  'claude-opus-5-5': { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
  'claude-sonnet-5-5': { input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 },
  'claude-haiku-5-5': {
    input: 0.1,
    output: 0.5,
    cacheRead: 0.01,
    cacheWrite: 0.125,
    above: { tokens: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 },
  },
  'claude-opus-5': { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  'claude-opus-4-8': { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 },
  'claude-sonnet-5': { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
  'claude-sonnet-4-6': { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
  // Costs what the cheapest real one does, so that budgets have something to count.
  [SCRIPTED_MODEL_NAME]: { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
};

/** Toolchains that are there without being declared: the Node that runs Lamplighter itself. */
export function builtinToolchains(execPath: string): Readonly<Record<string, Toolchain>> {
  const folder = dirname(execPath);
  return { node: { bind: [folder], path: [folder], env: {} } };
}
