/** `lamplighter up`: everything on one machine, supervised, from an empty folder to a serving page. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import { createChildren, type Children } from './children.ts';
import { lockDataDir, operatorToken, readUpFile, removeUpFile, writeUpFile } from './data-dir.ts';
import { openPlayground, playDemo, reportPlayground } from './demo.ts';
import { startProcesses, type Started } from './processes.ts';
import { stopOnSignal, type Stop } from './stop.ts';

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

/** The demo was not played to its end: as a shell says it of Ctrl-C. */
const EXIT_INTERRUPTED = 130;
const STARTED_AT = Date.now();

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
  // Its writer is gone without having removed it.
  const afterKill = readUpFile(dataDir) !== null;
  removeUpFile(dataDir);

  let started: Started | null = null;
  const publish = (): void => {
    if (started !== null) publishUp(dataDir, started, children);
  };
  const children = createChildren({ logDir: join(dataDir, 'logs'), say, onChange: publish });
  const stop = stopOnSignal(children, say);
  const serving: Serving = { options, config, dataDir, afterKill, children, stop, say };
  try {
    // Also before all is up: whoever asks to stop has not to wait until it is.
    return await Promise.race([
      stop.asked.then(() => (options.exit ? EXIT_INTERRUPTED : 0)),
      serve(serving, (now) => {
        started = now;
        publish();
      }),
    ]);
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
  /** Null: the playground. */
  readonly config: string | null;
  readonly dataDir: string;
  readonly afterKill: boolean;
  readonly children: Children;
  readonly stop: Stop;
  readonly say: (line: string) => void;
}

/** Answers with the exit code; without `--exit`, it serves until it is asked to stop. */
async function serve(serving: Serving, onStarted: (started: Started) => void): Promise<number> {
  const { options, config, dataDir, stop, say } = serving;
  const probe = await createBwrapSandbox({ proxySocketDir: join(dataDir, 'proxy') }).probe();
  if (!probe.ok) {
    say(`the sandbox cannot be set up: ${probe.reason}\n             ${probe.remedy}`);
    return 1;
  }
  const playground = config === null ? await openPlayground(dataDir, options.seed) : null;
  const started = await startProcesses({ ...serving, config: config ?? playground?.config ?? '', playground });
  onStarted(started);
  const web = started.temporalUrl === null ? '' : `   Temporal Web at ${started.temporalUrl}`;
  say(`up at ${started.url}${web}   data in ${dataDir}`);
  if (playground !== null) {
    const play = { playground, url: started.url, token: operatorToken(dataDir), json: options.json, say };
    if (options.exit) return playDemo(play);
    welcome(dataDir, say);
    // Reporting is a courtesy beside serving: its failure is said, and the rest goes on.
    reportPlayground(play).catch((error: unknown) => {
      if (!stop.isAsked()) say(`the playground could not be followed: ${String(error)}`);
    });
  }
  await stop.asked;
  return 0;
}

function welcome(dataDir: string, say: (line: string) => void): void {
  say(
    'this is the playground: two repos, three issues. One ships; one is red once deployed and mended by another commit; one',
  );
  say('cannot be mended: it freezes, untouched, and waits for you');
  say(
    `put the command on PATH:  ln -s "$PWD/bin/lamplighter" ~/.local/bin/   then:  lamplighter runs --data-dir ${dataDir}`,
  );
}

function publishUp(dataDir: string, { url, temporalUrl }: Started, children: Children): void {
  writeUpFile(dataDir, { pid: process.pid, url, temporalUrl, startedAt: STARTED_AT, processes: children.processes() });
}
