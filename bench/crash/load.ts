/** Load of the runner's own making: processes at normal priority that do nothing but keep a core busy. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { boundTo } from '../../activities/exec/exec.ts';

export interface Load {
  stop(): Promise<void>;
}

/** The kernel ends them with this process, however it ends. */
export function makeLoad(processes: number): Load {
  const busy = Array.from({ length: processes }, () => {
    const [program, ...args] = [...boundTo(process.pid), '/bin/sh', '-c', 'while :; do :; done'];
    return spawn(program, args, { stdio: 'ignore', env: {} });
  });
  const gone = busy.map((child) => once(child, 'exit'));
  return {
    async stop() {
      for (const child of busy) child.kill('SIGKILL');
      await Promise.all(gone);
    },
  };
}
