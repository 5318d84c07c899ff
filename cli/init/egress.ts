/** How the outside is reached from this machine: by the configuration that is there, the options of `init`, and the usual variables. */
import { existsSync, readFileSync } from 'node:fs';
import { configSchema } from '../../config/schema.ts';
import type { Egress } from '../../config/types.ts';
import { parseYaml } from '../../config/yaml-document.ts';
import type { Environment } from '../checkup.ts';

export function egressOf({
  configFile,
  privateHosts,
  env,
}: {
  readonly configFile: string;
  readonly privateHosts: readonly string[];
  readonly env: Environment;
}): Egress {
  const given = existsSync(configFile)
    ? parseYaml(readFileSync(configFile, 'utf8'), configFile, configSchema)
    : undefined;
  const there = given?.ok === true ? given.value.egress : undefined;
  return {
    proxy: there?.proxy ?? proxyOf(env),
    privateHosts: [...new Set([...(there?.privateHosts ?? []), ...privateHosts.map((host) => host.toLowerCase())])],
  };
}

/** Only what can be used: a proxy over plain HTTP that asks for no password. */
function proxyOf(env: Environment): string | null {
  const url = URL.parse(env['HTTPS_PROXY'] ?? env['https_proxy'] ?? '');
  if (url?.protocol !== 'http:' || url.username !== '') return null;
  return `${url.hostname}:${url.port || 80}`;
}
