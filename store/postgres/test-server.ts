/** A real PostgreSQL server for tests: its own data folder, a unix socket and no port, gone when it is stopped. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

export interface TestServer {
  /** Makes an empty database and answers with its URL. */
  createDatabase(): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  stop(): Promise<void>;
}

/** `postgres` is the path of the server's binary; its folder holds initdb. */
export async function startPostgres(postgres: string): Promise<TestServer> {
  const bin = dirname(realpathSync(postgres));
  // Short: the path of a socket may have 107 characters.
  const dir = mkdtempSync(join(tmpdir(), 'lamp-pg-'));
  const asOwner = ownerPrefix(dir);
  const data = join(dir, 'data');
  const run = (program: string, args: readonly string[]): readonly [string, string[]] => {
    const [first = program, ...rest] = [...asOwner, program, ...args];
    return [first, rest];
  };
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  const initdb = ['-D', data, '-U', 'lamplighter', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  execFileSync(...run(join(bin, 'initdb'), initdb), { env, cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  const settings = ['listen_addresses=', `unix_socket_directories=${dir}`, 'fsync=off'];
  const flags = settings.flatMap((one) => ['-c', one]);
  const server = spawn(...run(join(bin, 'postgres'), ['-D', data, ...flags]), {
    env,
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await readiness(server);
  const urlOf = (database: string): string =>
    `postgresql://lamplighter@localhost/${database}?host=${encodeURIComponent(dir)}`;
  let made = 0;

  return {
    async createDatabase() {
      const name = `store_${++made}`;
      await onServer(urlOf('postgres'), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    async dropDatabase(url) {
      await onServer(urlOf('postgres'), `DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
    },
    async stop() {
      const ended = once(server, 'exit');
      // PostgreSQL's fast shutdown.
      server.kill('SIGINT');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to be root: its own user, which the package made, owns the folder then. The server ends with this process. */
function ownerPrefix(dir: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const [uid, gid] = [idOf('-u'), idOf('-g')];
  chownSync(dir, uid, gid);
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--pdeathsig', 'INT', '--'];
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** Resolves when the server says that it takes connections; throws with its log when it ends before. */
async function readiness(server: ChildProcess): Promise<void> {
  if (server.stderr === null) throw new Error('the server has no stderr');
  const log: string[] = [];
  const lines = createInterface({ input: server.stderr });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  lines.on('line', (line) => {
    log.push(line);
    if (line.includes('ready to accept connections')) resolve();
  });
  server.on('error', reject);
  server.on('exit', () => reject(new Error(`PostgreSQL ended before it was ready:\n${log.join('\n')}`)));
  await promise;
}
