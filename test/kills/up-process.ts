/**
 * A real `lamplighter up` as a child process, with everything it starts: watched over the HTTP API as anybody may, killed by the pids of its
 * own `up.json`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunView } from '../../api/views/view.ts';
import { readUpFile, type UpFile } from '../../cli/up/data-dir.ts';
import { alive, treeOf, type Seen } from './tree.ts';

const LOOK_EVERY_MS = 20;
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface UpProcess {
  readonly dataDir: string;
  /** Resolves when it is up. */
  start(env?: Readonly<Record<string, string>>): Promise<UpFile>;
  up(): UpFile;
  /** Everything that `up` has started by now, and what those have. */
  tree(): Seen[];
  /** SIGKILL to one process of `up`. */
  kill(name: string): Promise<void>;
  /** Resolves with milliseconds when `up` has another process of that name in its place. */
  untilBack(name: string, killed: number): Promise<number>;
  killUp(): Promise<void>;
  /** One Ctrl-C; answers with the exit code. */
  stop(): Promise<number | null>;
  ask(method: string, path: string, body?: object): Promise<Answer>;
  /** The newest run of the issue; null while there is none or nobody answers. */
  run(issue: number): Promise<RunView | null>;
  until<T>(what: string, seconds: number, look: () => Promise<T | null> | T | null): Promise<T>;
  /** What `up` said on stderr. */
  said(): string;
  /** Ends it, and waits until nothing of it runs. */
  end(): Promise<void>;
}

export interface UpOptions {
  readonly dataDir: string;
  /** Of `lamplighter up`, beside the data directory. */
  readonly args: readonly string[];
  /** Put before the command, as `unshare` is. */
  readonly under?: readonly string[];
  /** Whose runs a failure tells of. */
  readonly issues: readonly number[];
}

export function createUpProcess({ dataDir, args, under = [], issues }: UpOptions): UpProcess {
  const output = join(dataDir, 'up.log');
  const workerLog = join(dataDir, 'logs', 'worker.log');
  const modelLog = join(dataDir, 'logs', 'model-requests.jsonl');
  let child: ChildProcess | null = null;

  function running(): ChildProcess {
    if (child === null) throw new Error('up was not started');
    return child;
  }

  function up(): UpFile {
    const file = readUpFile(dataDir);
    if (file === null) throw new Error(`up.json is not there: ${said()}`);
    return file;
  }

  function said(): string {
    return existsSync(output) ? readFileSync(output, 'utf8') : '';
  }

  async function until<T>(what: string, seconds: number, look: () => Promise<T | null> | T | null): Promise<T> {
    for (const end = Date.now() + seconds * 1000; ;) {
      const found = await look();
      if (found !== null) return found;
      if (Date.now() > end) {
        const stand = await stages();
        throw new Error(
          [`${what}: not within ${seconds} s. Runs: ${stand}`, ...[output, workerLog, modelLog].map(tail)].join('\n'),
        );
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  async function stages(): Promise<string> {
    const views = await Promise.all(issues.map((issue) => run(issue)));
    return views.map((view) => (view === null ? 'none' : `${view.run.stage} ${view.run.reason ?? ''}`)).join(', ');
  }

  async function ask(method: string, path: string, body?: object): Promise<Answer> {
    const token = readFileSync(join(dataDir, 'operator.token'), 'utf8').trim();
    const response = await fetch(new URL(path, up().url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        connection: 'close',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  async function run(issue: number): Promise<RunView | null> {
    try {
      const list = await ask('GET', `/api/runs?issue=${issue}`);
      const [newest] = (list.body as { runs: { id: string }[] }).runs;
      if (newest === undefined) return null;
      return (await ask('GET', `/api/runs/${encodeURIComponent(newest.id)}`)).body as RunView;
    } catch (error) {
      // Fetch's word for nobody there: the api, or all of `up`, is what the test has just killed.
      if (error instanceof TypeError) return null;
      throw error;
    }
  }

  return {
    dataDir,
    up,
    ask,
    run,
    until,
    said,
    tree: () => treeOf(running().pid ?? 0),
    async start(env = {}) {
      const log = openSync(output, 'a');
      // Its own death signal: a test runner that is killed leaves nothing behind either.
      const command = [...under, 'setpriv', '--pdeathsig', 'KILL', '--'];
      const words = [...command.slice(1), process.execPath, MAIN, 'up', '--data-dir', dataDir, ...args];
      const started = spawn(command[0] ?? '', words, {
        cwd: dataDir,
        env: { ...process.env, ANTHROPIC_API_KEY: '', ...env },
        stdio: ['ignore', log, log],
      });
      child = started;
      closeSync(log);
      return until('up is up', 120, () => {
        if (started.exitCode !== null) throw new Error(`up ended with ${started.exitCode}:\n${said()}`);
        const file = readUpFile(dataDir);
        return file?.pid === started.pid ? file : null;
      });
    },
    async kill(name) {
      const pid = up().processes[name];
      if (pid === undefined) throw new Error(`up has no process ${name} now: ${JSON.stringify(up().processes)}`);
      const tree = treeOf(pid);
      process.kill(pid, 'SIGKILL');
      await until(`${name} and what it had started is gone`, 5, () => (alive(tree).length === 0 ? true : null));
    },
    async untilBack(name, killed) {
      const begun = Date.now();
      await until(`${name} is back`, 30, () => {
        const pid = up().processes[name];
        return pid === undefined || pid === killed ? null : pid;
      });
      return Date.now() - begun;
    },
    async killUp() {
      const gone = once(running(), 'exit');
      running().kill('SIGKILL');
      await gone;
    },
    async stop() {
      const gone = once(running(), 'exit');
      running().kill('SIGINT');
      const [code] = (await gone) as [number | null];
      return code;
    },
    async end() {
      if (child !== null && child.exitCode === null && child.signalCode === null) {
        const tree = treeOf(child.pid ?? 0);
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
        await until('everything is gone', 10, () => (alive(tree).length === 0 ? true : null));
      }
    },
  };
}

/** What a person would look at first. */
function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-3_000) : `${file} is not there`;
}
