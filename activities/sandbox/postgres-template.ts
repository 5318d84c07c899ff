/**
 * An empty cluster with the contract's database, made once and copied into each sandbox: initdb takes most of a second,
 * the copy some fifty milliseconds. Made in a sandbox of its own that sees nothing of any repo.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from './environment.ts';
import type { CommandResult, SandboxCommand, SandboxService } from './port.ts';
import { tailOf } from '../../domain/text.ts';

type Postgres = Extract<SandboxService, { kind: 'postgres' }>;

export type Template = { readonly ok: true; readonly dir: string } | { readonly ok: false; readonly reason: string };

const INSIDE = '/run/template';

/** Nothing here outlives a command, so nothing is written for the sake of a crash. Small segments keep the copy small. */
const SETTINGS = [
  "listen_addresses = '127.0.0.1'",
  'fsync = off',
  'full_page_writes = off',
  'synchronous_commit = off',
  'max_wal_size = 64MB',
  'min_wal_size = 2MB',
  "timezone = 'UTC'",
  "log_timezone = 'UTC'",
  "log_line_prefix = ''",
];

const SCRIPT = [
  'set -e',
  '"$1/initdb" -D "$3/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-instructions',
  'printf "%s\\n" "$4" >> "$3/data/postgresql.conf"',
  'echo "CREATE DATABASE \\"$2\\"" | "$1/postgres" --single -D "$3/data" postgres',
].join('\n');

export function createPostgresTemplates(deps: {
  /** Private to us; made when missing. Other processes of ours may share it. */
  readonly dir: string;
  readonly run: (command: SandboxCommand) => Promise<CommandResult>;
}): (service: Postgres) => Promise<Template> {
  const making = new Map<string, Promise<Template>>();

  return async function templateOf(service) {
    const dir = join(deps.dir, `postgres-${service.version}-${service.database}`);
    if (existsSync(dir)) return { ok: true, dir };
    const made = making.get(dir) ?? make(deps, service, dir).finally(() => making.delete(dir));
    making.set(dir, made);
    return await made;
  };
}

async function make(
  deps: { readonly dir: string; readonly run: (command: SandboxCommand) => Promise<CommandResult> },
  { bin, version, database }: Postgres,
  dir: string,
): Promise<Template> {
  await mkdir(deps.dir, { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(join(deps.dir, 'new-'));
  try {
    const result = await deps.run({
      argv: ['/bin/sh', '-c', SCRIPT, 'template', bin, database, INSIDE, SETTINGS.join('\n')],
      cwd: '/',
      binds: [{ from: fresh, to: INSIDE, mode: 'rw' }],
      env: {},
      path: [],
      hosts: [],
      limits: { ...DEFAULT_LIMITS, wallMs: 120_000 },
      keepBytes: 16_000,
    });
    if (result.end !== 'exited' || result.code !== 0) {
      const said = tailOf(result.stderr.trim() || result.stdout.trim(), 1_000);
      return { ok: false, reason: `postgres ${version} could not make a cluster for the sandbox: ${said}` };
    }
    await place(join(fresh, 'data'), dir);
    return { ok: true, dir };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Whole or not at all; somebody else's equal one may have come first. */
async function place(fresh: string, dir: string): Promise<void> {
  try {
    await rename(fresh, dir);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
