/** Where the programs of a service lie on this machine. They come from the system, because the sandbox sees /usr and no other folder of it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../domain/contract.ts';
import type { SandboxService } from './port.ts';

export const SERVICE_ROOT = '/usr';

/** Throws when the machine has no such server: the message names the package. */
export function findService(service: Service, root: string): SandboxService {
  return service.kind === 'postgres' ? findPostgres(service, root) : findRedis(service, root);
}

function findPostgres({ version, port, database }: Extract<Service, { kind: 'postgres' }>, root: string) {
  const installed = installedPostgres(root);
  const found = installed.find((one) => version === null || one.version === version);
  if (found !== undefined) return { kind: 'postgres', ...found, port, database } as const;
  const asked = version === null ? 'postgres' : `postgres ${version}`;
  const there = installed.map((one) => one.version).join(', ');
  throw new Error(
    `the contract asks for the service ${asked}, which is not on this machine${there === '' ? '' : ` (there is: ${there})`}: ` +
      `apt-get install postgresql${version === null ? '' : `-${version}`} (Debian, Ubuntu; elsewhere the package of like name)` +
      `${there === '' ? '' : ', or name another version in .lamplighter.yml'}`,
  );
}

function findRedis({ port }: Extract<Service, { kind: 'redis' }>, root: string) {
  const bin = ['bin', 'local/bin']
    .map((folder) => join(root, folder))
    .find((folder) => ['redis-server', 'redis-cli'].every((program) => existsSync(join(folder, program))));
  if (bin !== undefined) return { kind: 'redis', bin, port } as const;
  throw new Error(
    'the contract asks for the service redis, which is not on this machine: ' +
      'apt-get install redis-server (Debian, Ubuntu; elsewhere the package of like name)',
  );
}

/** Newest first. Debian and the PostgreSQL project's own packages have one folder for each version, others one in /usr/bin. */
function installedPostgres(root: string): { readonly version: number; readonly bin: string }[] {
  const numbered = [
    ...entriesOf(join(root, 'lib/postgresql')).map(
      (name) => [name, join(root, 'lib/postgresql', name, 'bin')] as const,
    ),
    ...entriesOf(root)
      .filter((name) => name.startsWith('pgsql-'))
      .map((name) => [name.slice('pgsql-'.length), join(root, name, 'bin')] as const),
  ].flatMap(([name, bin]) => (/^\d+$/.test(name) && isPostgres(bin) ? [{ version: Number(name), bin }] : []));
  const plain = join(root, 'bin');
  const all = isPostgres(plain) ? [...numbered, { version: versionOf(plain), bin: plain }] : numbered;
  return all.toSorted((a, b) => b.version - a.version);
}

function isPostgres(bin: string): boolean {
  return ['postgres', 'initdb', 'pg_isready'].every((program) => existsSync(join(bin, program)));
}

function versionOf(bin: string): number {
  const said = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8', timeout: 10_000, env: {} });
  return Number(/\d+/.exec(said)?.[0] ?? 0);
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
