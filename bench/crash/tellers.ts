/** Tellers as a pool: one process a core, killed by the kernel when this one ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Telling } from './in-process.ts';
import type { TellerJob, Told } from './teller.ts';

const PROGRAM = fileURLToPath(new URL('teller.ts', import.meta.url));

export interface Teller {
  tell(job: TellerJob): Promise<Telling>;
  close(): Promise<void>;
}

/** What it says besides goes to the log file. */
export function openTeller(logFile: string): Teller {
  const log = openSync(logFile, 'a');
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, PROGRAM], {
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const gone = once(child, 'exit');
  return {
    async tell(job) {
      const answer = once(child, 'message') as Promise<[Told]>;
      child.send(job);
      const told = await Promise.race([answer.then(([one]) => one), gone.then(() => null)]);
      if (told === null) throw new Error(`the teller of ${job.tale} ended: ${logFile} says more`);
      if (!told.ok) throw new Error(`${job.tale} could not be told: ${told.error}`);
      return told.telling;
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await gone;
    },
  };
}
