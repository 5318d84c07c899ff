/** From `lamplighter.yaml`, the environment and the chosen ports to one complete configuration. An error is never guessed away (invariant 8). */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isReservedVariable } from '../domain/contract.ts';
import { microUsd } from '../domain/money.ts';
import { BOUNDS, builtinToolchains, HEARTBEAT_SECONDS, NAMESPACE, POLL_SECONDS, SLOTS } from './defaults.ts';
import { cacheDir, crashPlan, temporalExecutable } from './environment.ts';
import { resolveEgress } from './egress.ts';
import { ConfigError } from './errors.ts';
import { resolveExecutor } from './executors.ts';
import { breakglassFaults } from './load-breakglass.ts';
import type { ConfigInput, Loading } from './loading.ts';
import { loadCaps } from './load-caps.ts';
import { loadModel } from './load-model.ts';
import { loadWatchdog } from './load-watchdog.ts';
import { hostInUrl, localUrl } from './loopback.ts';
import { resolveNotifiers } from './notifiers.ts';
import { realFolder } from './real-folder.ts';
import { isAddress, repoKey } from './repo-key.ts';
import { configSchema, type ConfigFile, type RepoEntry } from './schema.ts';
import type { References } from './schemas/references.ts';
import { createReferences } from './secrets.ts';
import { resolveTracker } from './trackers.ts';
import type { Config, LoadedConfig, RepoConfig, StoreConfig, TestVariable, Toolchain } from './types.ts';
import { resolveDeploy } from './watchers.ts';
import { parseYaml, type KeyPath } from './schemas/yaml-document.ts';

export { writeResolvedConfig } from './resolved.ts';

/** Throws a ConfigError that holds every error found. */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const file = input.file === null ? null : resolve(input.file);
  const parsed = parseYaml(file === null ? '' : textOf(file), file ?? 'lamplighter.yaml', configSchema);
  if (!parsed.ok) throw new ConfigError(parsed.errors);

  const errors: string[] = [];
  const fail = (at: KeyPath, what: string): void => void errors.push(parsed.source.complain(at, what));
  const refs = createReferences({ folder: file === null ? process.cwd() : dirname(file), env: input.env, fail });
  const loaded = assemble({ given: parsed.value, input: { ...input, dataDir: realFolder(input.dataDir) }, refs, fail });
  if (errors.length > 0) throw new ConfigError(errors);
  return loaded;
}

function textOf(file: string): string {
  if (!existsSync(file))
    throw new ConfigError([`${file}: there is no such file: correct --config, or write one (docs/configuration.md)`]);
  return readFileSync(file, 'utf8');
}

function assemble(loading: Loading): LoadedConfig {
  const { given, input, refs } = loading;
  const { dataDir, env } = input;
  // Looked at here so that `up` names its mistakes too; nothing of it is handed to the pipeline's processes.
  if (given.breakglass !== undefined)
    for (const { at, what } of breakglassFaults(given.breakglass)) loading.fail(at, what);
  const { scenarioDir, ...model } = loadModel(loading);
  const temporalEmbedded = given.temporal === undefined;
  const repos = loadRepos(loading);
  return {
    dataDir,
    repos,
    allow: loadAllowed(loading),
    store: loadStore(given.store, dataDir, refs),
    temporal: loadTemporal(given, input),
    api: loadApi(given, input),
    model,
    bounds: loadBounds(given.bounds),
    caps: loadCaps(given, repos),
    watchdog: loadWatchdog(loading),
    notifiers: resolveNotifiers(given.notifiers, refs, ['notifiers']),
    executor: resolveExecutor(given.executor, refs, ['executor']),
    slots: given.slots ?? SLOTS,
    pollSeconds: given.pollSeconds ?? POLL_SECONDS,
    toolchains: { ...builtinToolchains(process.execPath), ...loadToolchains(given, refs) },
    egress: resolveEgress(given.egress, env),
    heartbeatSeconds: given.heartbeatSeconds ?? HEARTBEAT_SECONDS,
    scenarioDir,
    temporalEmbedded,
    temporalExecutable: temporalEmbedded ? temporalExecutable(env) : null,
    cacheDir: cacheDir(env),
    crashPlan: crashPlan(env, join(dataDir, 'run')),
    // Last, when all of them were read.
    secrets: refs.read(),
  };
}

function loadApi({ api }: ConfigFile, { ports }: ConfigInput): Config['api'] {
  const place = { host: api?.host ?? '127.0.0.1', port: ports.api };
  return {
    ...place,
    publicUrl: api?.publicUrl?.replace(/\/$/, '') ?? localUrl(place),
    names: (api?.names ?? []).map(hostInUrl),
  };
}

function loadRepos(loading: Loading): RepoConfig[] {
  const { given, fail } = loading;
  const entries = given.repos ?? [];
  return entries.map((entry, index) => {
    const first = entries.findIndex((other) => other.name === entry.name);
    if (first !== index) fail(['repos', index, 'name'], `${entry.name} is enrolled twice: remove one`);
    return loadRepo(entry, ['repos', index], loading);
  });
}

function loadRepo(entry: RepoEntry, at: KeyPath, loading: Loading): RepoConfig {
  const { refs } = loading;
  return {
    key: repoKey(entry.name, entry.remote),
    name: entry.name,
    remote: isAddress(entry.remote) ? entry.remote : refs.path(entry.remote),
    branch: entry.branch ?? 'main',
    tracker: resolveTracker(entry.tracker, refs, [...at, 'tracker']),
    pushEnv: refs.environment(entry.pushEnv, [...at, 'pushEnv']),
    submodules: (entry.submodules ?? []).map((one) => (isAddress(one) ? one : refs.path(one))),
    testEnv: loadTestEnv(entry, at, loading),
    deploy: resolveDeploy(entry.deploy ?? {}, refs, [...at, 'deploy']),
  };
}

function loadTestEnv({ testEnv }: RepoEntry, above: KeyPath, { refs, fail }: Loading): Record<string, TestVariable> {
  return Object.fromEntries(
    Object.entries(testEnv ?? {}).map(([name, given]) => {
      const at = [...above, 'testEnv', name];
      if (isReservedVariable(name)) fail(at, `${name} is set by Lamplighter itself: take another name`);
      if (typeof given === 'string') return [name, { value: given, session: false }];
      const value = 'value' in given ? given.value : refs.secret(given, at);
      return [name, { value, session: given.session ?? false }];
    }),
  );
}

/** A name that allows nothing is a typing mistake that would show only as silence. */
function loadAllowed({ given, fail }: Loading): string[] {
  const names = new Set((given.repos ?? []).map((entry) => entry.name));
  const allow = given.allow ?? [];
  for (const [index, name] of allow.entries()) {
    if (!names.has(name))
      fail(['allow', index], `${name} is not the name of a repo in repos: enrol it or remove it here`);
  }
  return allow;
}

function loadStore(store: ConfigFile['store'], dataDir: string, refs: References): StoreConfig {
  if (store === undefined || store.kind === 'sqlite') return { kind: 'sqlite', file: join(dataDir, 'lamplighter.db') };
  return {
    kind: 'postgres',
    url: typeof store.url === 'string' ? store.url : refs.secret(store.url, ['store', 'url']),
  };
}

function loadTemporal({ temporal }: ConfigFile, { ports }: ConfigInput): Config['temporal'] {
  if (temporal === undefined) {
    return {
      address: `127.0.0.1:${ports.temporal}`,
      namespace: NAMESPACE,
      webUrl: `http://127.0.0.1:${ports.temporalUi}`,
      unattributedSignals: true,
    };
  }
  return {
    address: temporal.address,
    namespace: temporal.namespace ?? NAMESPACE,
    webUrl: temporal.webUrl?.replace(/\/$/, '') ?? null,
    unattributedSignals: temporal.unattributedSignals ?? false,
  };
}

function loadBounds(bounds: ConfigFile['bounds']): Config['bounds'] {
  const { sessionMinutes, watchMinutes, fixMinutes, issueUsd } = bounds ?? {};
  return {
    ...BOUNDS,
    verifyRounds: bounds?.verifyRounds ?? BOUNDS.verifyRounds,
    turns: bounds?.turns ?? BOUNDS.turns,
    races: bounds?.races ?? BOUNDS.races,
    sessionMs: sessionMinutes === undefined ? BOUNDS.sessionMs : Math.round(sessionMinutes * 60_000),
    fixAttempts: bounds?.fixAttempts ?? BOUNDS.fixAttempts,
    fixMs: fixMinutes === undefined ? BOUNDS.fixMs : Math.round(fixMinutes * 60_000),
    watchMs: watchMinutes === undefined ? BOUNDS.watchMs : Math.round(watchMinutes * 60_000),
    issueMicroUsd: issueUsd === undefined ? BOUNDS.issueMicroUsd : microUsd(issueUsd),
  };
}

function loadToolchains({ toolchains }: ConfigFile, refs: References): Record<string, Toolchain> {
  return Object.fromEntries(
    Object.entries(toolchains ?? {}).map(([name, { bind, path, env }]) => [
      name,
      {
        bind: (bind ?? []).map((one) => refs.path(one)),
        path: (path ?? []).map((one) => refs.path(one)),
        env: env ?? {},
      },
    ]),
  );
}
