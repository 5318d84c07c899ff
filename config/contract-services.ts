/** `services` and `secrets` of a contract: which servers stand beside each command, and which variables tests expect. */
import { z } from 'zod';
import { isReservedVariable, PROXY_PORT, type Service } from '../domain/contract.ts';
import type { YamlSource } from './schemas/yaml-document.ts';

export const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');
const port = z.int().min(1024).max(65_535);

export const service = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('postgres'),
    version: z.int().min(9).max(99).optional().describe('Major version; default: the newest of the machine.'),
    port: port.optional().describe('Default 5432.'),
    env: variable.optional().describe('Variable that holds the address; default DATABASE_URL.'),
    database: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be lower case letters, digits and underscores')
      .optional()
      .describe('Made beforehand; default app.'),
  }),
  z.strictObject({
    kind: z.literal('redis'),
    port: port.optional().describe('Default 6379.'),
    env: variable.optional().describe('Variable that holds the address; default REDIS_URL.'),
  }),
]);
type ServiceEntry = z.infer<typeof service>;

export function fillInService(entry: ServiceEntry): Service {
  if (entry.kind === 'redis') return { kind: 'redis', port: entry.port ?? 6379, env: entry.env ?? 'REDIS_URL' };
  return {
    kind: 'postgres',
    version: entry.version ?? null,
    port: entry.port ?? 5432,
    env: entry.env ?? 'DATABASE_URL',
    database: entry.database ?? 'app',
  };
}

/** Two services cannot share a port or a variable, and some are taken before them. */
export function clashes(entries: readonly ServiceEntry[] | undefined, source: YamlSource): string[] {
  const services = (entries ?? []).map(fillInService);
  return services.flatMap(({ port: at, env }, index) => {
    const before = services.slice(0, index);
    const complain = (key: 'port' | 'env', what: string): string => {
      const given = entries?.[index]?.[key] !== undefined;
      return source.complain(['services', index, ...(given ? [key] : [])], what);
    };
    return [
      ...(before.some((other) => other.port === at)
        ? [complain('port', `port ${at} is used by another service: give each its own \`port\``)]
        : []),
      ...(at === PROXY_PORT ? [complain('port', `port ${at} is the way to the network inside: take another`)] : []),
      ...(before.some((other) => other.env === env)
        ? [complain('env', `${env} is used by another service: give each its own \`env\``)]
        : []),
      ...(isReservedVariable(env) ? [complain('env', `${env} is set by Lamplighter itself: take another`)] : []),
    ];
  });
}

/** Each name once, and none that something else already sets. */
export function wrongSecrets(
  {
    secrets = [],
    services = [],
  }: { readonly secrets?: readonly string[] | undefined; readonly services?: readonly ServiceEntry[] | undefined },
  source: YamlSource,
): string[] {
  const addresses = services.map((entry) => fillInService(entry).env);
  return secrets.flatMap((name, index) => {
    const complain = (what: string): string[] => [source.complain(['secrets', index], `${name} ${what}`)];
    if (secrets.indexOf(name) !== index) return complain('is named twice: remove one');
    if (addresses.includes(name)) return complain("is a service's address already: take another name for one of them");
    return isReservedVariable(name) ? complain('is set by Lamplighter itself: take another') : [];
  });
}
