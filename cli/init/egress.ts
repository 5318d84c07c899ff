/** How the outside is reached from this machine: by the configuration that is there, the options of `init`, and the usual variables. */
import { existsSync, readFileSync } from 'node:fs';
import { resolveEgress } from '../../config/egress.ts';
import { configSchema } from '../../config/schema.ts';
import type { Egress } from '../../config/types.ts';
import { parseYaml } from '../../config/schemas/yaml-document.ts';
import type { Environment } from '../checkup/checkup.ts';

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
  const egress = resolveEgress(given?.ok === true ? given.value.egress : undefined, env);
  return {
    ...egress,
    privateHosts: [...new Set([...egress.privateHosts, ...privateHosts.map((host) => host.toLowerCase())])],
  };
}
