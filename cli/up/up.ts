/** `lamplighter up`: everything on one machine, supervised, from an empty folder to a serving page. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import { ownDataDir, playgroundDataDir } from '../../config/data-dirs.ts';
import { EXIT } from '../terminal/failure.ts';
import { plain } from '../terminal/output.ts';
import { createChildren, type Children } from './children.ts';
import {
  clearPlayground,
  lockDataDir,
  operatorToken,
  readUpFile,
  removeUpFile,
  strangerIn,
  writeUpFile,
} from './data-dir.ts';
import { openPlayground, playDemo, reportPlayground } from './demo.ts';
import { startProcesses, type Started } from './processes.ts';
import { stopOnSignal, type Stop } from './stop.ts';
import type { UpOptions } from './options.ts';
import { tellRuns } from './tell-runs.ts';
import { againOf, welcomeToOwn, welcomeToPlayground } from './welcome.ts';

/** The demo was not played to its end: as a shell says it of Ctrl-C. */
const EXIT_INTERRUPTED = 130;
const STARTED_AT = Date.now();

export async function up(options: UpOptions): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`lamplighter  ${plain(line)}\n`);
  const config = options.config ?? (existsSync('lamplighter.yaml') ? resolve('lamplighter.yaml') : null);
  if (config !== null && (options.exit || options.fresh)) {
    const option = options.exit ? '--exit plays the playground to its end' : '--fresh makes a new playground';
    say(`${option}, but ${config} is to be served: leave one of them out`);
    return EXIT.usage;
  }
  const dataDir = chooseDataDir(options, config);
  const lock = lockDataDir(dataDir);
  if (lock === null) return pointToFirst(dataDir, say);
  try {
    const stranger = strangerIn(dataDir, config === null ? 'playground' : 'config');
    if (stranger === null) return await supervise(options, config, dataDir, say);
    say(stranger);
    return EXIT.usage;
  } finally {
    lock.release();
  }
}

async function supervise(
  options: UpOptions,
  config: string | null,
  dataDir: string,
  say: (line: string) => void,
): Promise<number> {
  const left = options.fresh ? await clearPlayground(dataDir) : null;
  if (left !== null) {
    say(left);
    return EXIT.failed;
  }
  // Its writer is gone without having removed it.
  const afterKill = readUpFile(dataDir) !== null;
  removeUpFile(dataDir);

  let started: Started | null = null;
  const publish = (): void => {
    if (started === null) return;
    try {
      publishUp(dataDir, started, children);
    } catch (error) {
      // A full disk, say. The pids in it are old ones until the next change; what runs goes on.
      say(`${dataDir}/up.json could not be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const children = createChildren({ logDir: join(dataDir, 'logs'), say, onChange: publish });
  const stop = stopOnSignal(children, say);
  const serving: Serving = { options, config, dataDir, afterKill, children, stop, say };
  try {
    // Also before all is up: whoever asks to stop has not to wait until it is.
    return await Promise.race([
      stop.asked.then(() => (options.exit ? EXIT_INTERRUPTED : EXIT.done)),
      serve(serving, (now) => {
        started = now;
        publish();
      }),
    ]);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  } finally {
    await children.stop();
    removeUpFile(dataDir);
    if (stop.isAsked()) say(`stopped: nothing of it runs any more; what was done is kept in ${dataDir}`);
  }
}

/** A playground that is to exit leaves nothing that a second one would stumble over. */
function chooseDataDir(options: UpOptions, config: string | null): string {
  if (options.dataDir !== null) return options.dataDir;
  if (config !== null) return ownDataDir();
  return options.exit ? mkdtempSync(join(tmpdir(), 'lamplighter-')) : playgroundDataDir();
}

function pointToFirst(dataDir: string, say: (line: string) => void): number {
  const first = readUpFile(dataDir);
  say(
    first === null
      ? `another lamplighter is starting on ${dataDir}: wait for it, or give this one another --data-dir`
      : `lamplighter is already up on ${dataDir} (process ${first.pid}): ${first.url}`,
  );
  return EXIT.failed;
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
    return EXIT.failed;
  }
  const playground = config === null ? await openPlayground(dataDir, options.seed) : null;
  const started = await startProcesses({ ...serving, config: config ?? playground?.config ?? '', playground });
  onStarted(started);
  const web = started.temporalUrl === null ? '' : `   Temporal Web at ${started.temporalUrl}`;
  say(`up at ${started.url}${web}   data in ${dataDir}`);
  if (playground !== null) {
    const play = { playground, url: started.url, token: operatorToken(dataDir), json: options.json, say };
    if (options.exit) return playDemo(play);
    welcomeToPlayground(options, say);
    report(serving, async () => {
      await reportPlayground(play);
      say(`all three have ended; to play again from the start: Ctrl-C, then ${againOf(options)}`);
    });
  } else {
    report(serving, async () => {
      await welcomeToOwn(options, dataDir, say);
      await tellRuns({ dataDir, say, isOver: () => stop.isAsked() });
    });
  }
  await stop.asked;
  return EXIT.done;
}

/** A courtesy beside serving: its failure is said, and the rest goes on. */
function report({ stop, say }: Serving, tell: () => Promise<void>): void {
  tell().catch((error: unknown) => {
    if (!stop.isAsked()) say(`the runs are not told here any more: ${String(error)}`);
  });
}

function publishUp(dataDir: string, { url, temporalUrl }: Started, children: Children): void {
  writeUpFile(dataDir, { pid: process.pid, url, temporalUrl, startedAt: STARTED_AT, processes: children.processes() });
}
