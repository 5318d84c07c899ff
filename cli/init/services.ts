/** Which servers a repo's tests evidently talk to, and which containers they would start: told by manifests, variables and compose files. */
import { dirname } from 'node:path/posix';
import { parse } from 'yaml';
import { findService, SERVICE_ROOT } from '../../activities/sandbox/service-programs.ts';
import type { Service } from '../../domain/contract.ts';
import type { Tree } from './suite.ts';

export interface FoundServices {
  readonly services: readonly Service[];
  /** What a person must know, in whole sentences. */
  readonly notes: readonly string[];
}

type Kind = Service['kind'];

const MANIFEST =
  /(^|\/)(package\.json|pyproject\.toml|setup\.(py|cfg)|Pipfile|requirements[^/]*\.txt|go\.mod|Cargo\.toml|pom\.xml)$/;
const COMPOSE = /(^|\/)(docker-)?compose([.-][\w.-]+)?\.ya?ml$/;
const FOREIGN = /(^|\/)(node_modules|vendor|third_party|examples?|\.venv|venv)\//;
const SOURCE = /\.([cm]?[jt]sx?|py|go|rs|java|ya?ml|toml|cfg|ini)$|(^|\/)\.env[\w.-]*$/;
const MOST_SOURCES = 2_000;

/** As a manifest writes it: quoted, at the start of a line, or as a path of Go. */
const CLIENTS: Readonly<Record<Kind, RegExp>> = {
  postgres:
    /"(pg|postgres|pg-promise|slonik)"\s*:|(^|["'\s])(psycopg2?(-binary)?|psycopg\[[\w,]+\]|asyncpg|pg8000)(?=["'\s=<>~;[]|$)|github\.com\/(lib\/pq|jackc\/pgx)|^(tokio-postgres|postgres)\s*=|<artifactId>postgresql</m,
  redis:
    /"(redis|ioredis)"\s*:|(^|["'\s])redis(\[[\w,]+\])?(?=["'\s=<>~;]|$)|github\.com\/(redis|go-redis)\/|^redis\s*=|<artifactId>(jedis|lettuce-core)</m,
};
const CONTAINERS =
  /"(testcontainers|@testcontainers\/[\w-]+|dockerode)"\s*:|(^|["'\s])(testcontainers|pytest-docker)(\[[\w,-]+\])?(?=["'\s=<>~;]|$)|testcontainers-go|ory\/dockertest|^testcontainers\s*=|org\.testcontainers/m;
const STARTS_CONTAINERS = /\bdocker(-compose| compose| run)\b/;

const VARIABLES: Readonly<Record<Kind, RegExp>> = {
  postgres: /\b(?:[A-Z0-9]+_)*(?:DATABASE|POSTGRES|POSTGRESQL|PG|DB)(?:_[A-Z0-9]+)*_(?:URL|URI|DSN)\b/g,
  redis: /\b(?:[A-Z0-9]+_)*REDIS(?:_[A-Z0-9]+)*_(?:URL|URI)\b/g,
};
const DEFAULT_VARIABLE: Readonly<Record<Kind, string>> = { postgres: 'DATABASE_URL', redis: 'REDIS_URL' };

export function findServices(tree: Tree, serviceRoot = SERVICE_ROOT): FoundServices {
  const files = tree.files.filter((path) => !FOREIGN.test(path));
  const manifests = files.filter((path) => MANIFEST.test(path));
  const composed = files.filter((path) => COMPOSE.test(path)).flatMap((path) => imagesIn(tree.read(path) ?? ''));
  const found = (['postgres', 'redis'] as const).map((kind) => {
    const client = manifests.find((path) => CLIENTS[kind].test(tree.read(path) ?? ''));
    return client === undefined ? NOTHING : draft({ kind, client, tree, files, composed, serviceRoot });
  });
  return {
    services: found.flatMap((one) => one.services),
    notes: [...found.flatMap((one) => one.notes), ...containerNotes(tree, manifests)],
  };
}

const NOTHING: FoundServices = { services: [], notes: [] };

interface Image {
  readonly kind: Kind;
  readonly database: string | null;
}

interface Draft {
  readonly kind: Kind;
  /** The manifest that asks for a client. */
  readonly client: string;
  readonly tree: Tree;
  readonly files: readonly string[];
  readonly composed: readonly Image[];
  readonly serviceRoot: string;
}

/** A client alone is no evidence: many libraries have one as an option. A variable of an address, or a server in a compose file, is. */
function draft({ kind, client, tree, files, composed, serviceRoot }: Draft): FoundServices {
  const [variable, ...others] = variablesIn(tree, files, VARIABLES[kind]);
  const image = composed.find((one) => one.kind === kind);
  if (variable === undefined && image === undefined) {
    const note = `${client} names a client of ${kind}. If tests need a server, add \`services: [{ kind: ${kind} }]\` to the contract (docs/contract.md).`;
    return { services: [], notes: [note] };
  }
  const service = serviceOf(kind, variable ?? DEFAULT_VARIABLE[kind], image?.database ?? null);
  const missing = whyMissing(service, serviceRoot);
  if (missing !== null)
    return { services: [], notes: [`The repo's tests seem to talk to ${kind}: ${missing}; then run init again.`] };
  const more =
    others.length === 0
      ? ''
      : ` The repo knows ${others.slice(0, 3).join(', ')} too: where tests read that one, set it in \`test\`, such as \`${others[0]}="$${service.env}" …\`.`;
  return {
    services: [service],
    notes: [`${kind} is started for each command, empty; its address is in ${service.env}.${more}`],
  };
}

function serviceOf(kind: Kind, env: string, database: string | null): Service {
  if (kind === 'redis') return { kind, port: 6379, env };
  return { kind, version: null, port: 5432, env, database: database ?? 'app' };
}

function whyMissing(service: Service, root: string): string | null {
  try {
    findService(service, root);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^the contract asks for the service /, '') : String(error);
  }
}

/** The one that is written most, first. */
function variablesIn(tree: Tree, files: readonly string[], pattern: RegExp): string[] {
  const counts = new Map<string, number>();
  for (const path of files.filter((file) => SOURCE.test(file)).slice(0, MOST_SOURCES)) {
    for (const [name] of (tree.read(path) ?? '').matchAll(pattern)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, many], [b, few]) => few - many || a.localeCompare(b)).map(([name]) => name);
}

/** Of a compose file, as far as it can be read: it is somebody else's format. */
function imagesIn(text: string): Image[] {
  const services = valueAt(parsed(text), 'services');
  if (typeof services !== 'object' || services === null) return [];
  return Object.values(services).flatMap((service: unknown): Image[] => {
    const image = valueAt(service, 'image');
    const kind = typeof image === 'string' ? kindOfImage(image) : null;
    return kind === null ? [] : [{ kind, database: databaseOf(valueAt(service, 'environment')) }];
  });
}

function kindOfImage(image: string): Kind | null {
  const name =
    image
      .replace(/[:@].*$/, '')
      .split('/')
      .at(-1) ?? '';
  if (/^(postgres|postgresql|postgis|pgvector)$/.test(name)) return 'postgres';
  return /^(redis|valkey)$/.test(name) ? 'redis' : null;
}

function databaseOf(environment: unknown): string | null {
  const listed = Array.isArray(environment)
    ? environment.find((line): line is string => typeof line === 'string' && line.startsWith('POSTGRES_DB='))
    : undefined;
  const name = listed?.slice('POSTGRES_DB='.length) ?? valueAt(environment, 'POSTGRES_DB');
  return typeof name === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(name) ? name : null;
}

function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' }) as unknown;
  } catch {
    // Such as a template: then it says nothing to us.
    return null;
  }
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function containerNotes(tree: Tree, manifests: readonly string[]): string[] {
  return manifests.flatMap((path) => {
    const text = tree.read(path) ?? '';
    const what = CONTAINERS.exec(text)?.[0].replaceAll(/["'\s:=]/g, '') ?? scriptThatStarts(path, text);
    if (what === null) return [];
    const where = dirname(path) === '.' ? '' : ` in ${dirname(path)}`;
    return [
      `${path} has ${what}: there is no Docker in the sandbox. What the tests${where} start as containers ask for under \`services\` (postgres, redis), or leave those tests out of the check.`,
    ];
  });
}

/** Of a package.json, by its test scripts. */
function scriptThatStarts(path: string, text: string): string | null {
  if (!path.endsWith('package.json')) return null;
  const scripts = valueAt(parsed(text), 'scripts');
  const found = ['pretest', 'test'].find((name) =>
    STARTS_CONTAINERS.test(JSON.stringify(valueAt(scripts, name)) ?? ''),
  );
  return found === undefined ? null : `a \`${found}\` script that calls docker`;
}
