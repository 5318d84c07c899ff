/** `lamplighter up`: everything on one machine, supervised, from an empty folder to a serving page. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import type { Playground } from '../../playground/playground.ts';
import { createChildren, type Children } from './children.ts';
import { lockDataDir, operatorToken, readUpFile, removeUpFile, writeUpFile } from './data-dir.ts';
import { openPlayground, playDemo, reportPlayground } from './demo.ts';
import { startProcesses, type Started } from './processes.ts';

export interface UpOptions {
  /** Null: the default, or a throwaway folder for a playground that is to exit. */
  readonly dataDir: string | null;
  readonly defaultDataDir: string;
  readonly port: number | null;
  readonly config: string | null;
  readonly exit: boolean;
  readonly json: boolean;
  readonly seed: number;
}

export async function up(options: UpOptions): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`lamplighter  ${line}\n`);
  const config = options.config ?? (existsSync('lamplighter.yaml') ? resolve('lamplighter.yaml') : null);
  if (config !== null && options.exit) {
    say(`--exit runs the playground to its end, but ${config} is to be served: leave one of them out`);
    return 2;
  }
  const dataDir = chooseDataDir(options);
  const lock = lockDataDir(dataDir);
  if (lock === null) return pointToFirst(dataDir, say);

  const children = createChildren({ logDir: join(dataDir, 'logs'), say });
  try {
    const stop = stopOnSignal(children, say);
    const probe = await createBwrapSandbox({ proxySocketDir: join(dataDir, 'proxy') }).probe();
    if (!probe.ok) {
      say(`the sandbox cannot be set up: ${probe.reason}\n             ${probe.remedy}`);
      return 1;
    }
    const playground = config === null ? await openPlayground(dataDir, options.seed) : null;
    const started = await startProcesses({
      options,
      config: config ?? playground?.config ?? '',
      dataDir,
      playground,
      children,
      say,
    });
    return await serve({ options, dataDir, playground, started, children, stop, say });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await children.stop();
    removeUpFile(dataDir);
    lock.release();
  }
}

/** A playground that is to exit leaves nothing that a second one would stumble over. */
function chooseDataDir(options: UpOptions): string {
  if (options.dataDir !== null) return options.dataDir;
  return options.exit ? mkdtempSync(join(tmpdir(), 'lamplighter-')) : options.defaultDataDir;
}

function pointToFirst(dataDir: string, say: (line: string) => void): number {
  const first = readUpFile(dataDir);
  say(
    first === null
      ? `another lamplighter is starting on ${dataDir}: wait for it, or give this one another --data-dir`
      : `lamplighter is already up on ${dataDir} (process ${first.pid}): ${first.url}`,
  );
  return 1;
}

interface Serving {
  readonly options: UpOptions;
  readonly dataDir: string;
  readonly playground: Playground | null;
  readonly started: Started;
  readonly children: Children;
  readonly stop: Promise<number>;
  readonly say: (line: string) => void;
}

async function serve({ options, dataDir, playground, started, stop, say }: Serving): Promise<number> {
  const token = operatorToken(dataDir);
  writeUpFile(dataDir, {
    pid: process.pid,
    url: started.url,
    temporalUrl: started.temporalUrl,
    startedAt: Date.now(),
    processes: started.processes,
  });
  say(`up at ${started.url}   Temporal Web at ${started.temporalUrl}   data in ${dataDir}`);
  if (playground === null) return stop;

  if (options.exit)
    return Promise.race([stop, playDemo({ playground, url: started.url, token, json: options.json, say })]);
  say('this is the playground: one issue will ship, one will freeze and wait for you');
  say(
    `put the command on PATH:  ln -s "$PWD/bin/lamplighter" ~/.local/bin/   then:  lamplighter runs --data-dir ${dataDir}`,
  );
  const report = reportPlayground({ playground, url: started.url, token, json: options.json, say });
  // Reporting is a courtesy beside serving: its failure is said, and the rest goes on.
  report.catch((error: unknown) => say(`the playground could not be followed: ${String(error)}`));
  return stop;
}

/** One Ctrl-C (or SIGTERM) drains; a second one kills. */
function stopOnSignal(children: Children, say: (line: string) => void): Promise<number> {
  return new Promise((resolveStop) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) {
        say('killed');
        children.kill();
        process.exit(130);
      }
      asked = true;
      say('draining: work in flight ends or is parked; press Ctrl-C again to kill');
      resolveStop(0);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
