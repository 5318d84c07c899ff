/** From `lamplighter.yaml` to somebody to speak to: the host, its pinned key, and the key of one identity, read here and held in memory. */
import { existsSync } from 'node:fs';
import { DEADLINES } from '../../activities/breakglass/deadlines.ts';
import type { Target } from '../../activities/breakglass/exchange.ts';
import type { PowerHost } from '../../activities/breakglass/port.ts';
import { readPrivateKey } from '../../activities/breakglass/private-key.ts';
import { createSshPowerHost } from '../../activities/breakglass/ssh-host.ts';
import { ConfigError } from '../../config/errors.ts';
import { type BreakglassConfig, loadBreakglass, readKeyFile } from '../../config/load-breakglass.ts';
import type { Identity } from '../../domain/breakglass/verb.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';

const EXAMPLE = 'docs/configuration.md, "Breakglass", has an example; docs/breakglass-host.md installs the host';

export function breakglassConfig(given: string | undefined): BreakglassConfig {
  const file = given ?? 'lamplighter.yaml';
  if (given === undefined && !existsSync(file))
    throw unusable('there is no lamplighter.yaml in this folder', 'name one with --config');
  try {
    const config = loadBreakglass(file);
    if (config === null) throw unusable(`${file} has no section breakglass, so no host is known`, EXAMPLE);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw unusable(error.message, EXAMPLE);
  }
}

export function targetFor(config: BreakglassConfig, identity: Identity): Target {
  const path = config.keys[identity];
  if (path === undefined)
    throw unusable(`no key of ${identity} is configured`, `name its file under breakglass.keys.${identity}`);
  const file = readKeyFile(path);
  if (!file.ok) throw unusable(file.why, file.remedy);
  const key = readPrivateKey(file.bytes);
  if (!key.ok) throw unusable(`${path}: ${key.why}`, 'docs/breakglass-host.md, step 3, makes one');
  const { host, port, user, hostKey } = config;
  return { host, port, user, hostKey, key: key.key };
}

export function openHost(config: BreakglassConfig, identity: Identity): PowerHost {
  return createSshPowerHost({ target: targetFor(config, identity), deadlines: DEADLINES, vm: config.vm });
}

/** Nothing was sent: the same code as for a wrong option. */
function unusable(message: string, remedy: string): CliFailure {
  return new CliFailure(EXIT.usage, 'breakglass-config', message, remedy);
}
