/** What a person's Ctrl-C means: the first drains, a second one kills. */
import type { Children } from './children.ts';

export interface Stop {
  readonly asked: Promise<void>;
  isAsked(): boolean;
}

/** A signal to the whole process group may reach us twice, from the terminal and from who started us: this close together it is one. */
const ONE_SIGNAL_MS = 1_000;
const EXIT_KILLED = 130;

/** SIGINT and SIGTERM alike; SIGHUP stays what the shell made it, for nohup. Stays in force until the process ends. */
export function stopOnSignal(children: Pick<Children, 'kill'>, say: (line: string) => void): Stop {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let firstAt: number | null = null;
  const onSignal = (): void => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      say('draining: work in flight ends or is parked; press Ctrl-C again to kill');
      resolve();
    } else if (now - firstAt > ONE_SIGNAL_MS) {
      say('killed');
      children.kill();
      process.exit(EXIT_KILLED);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return { asked, isAsked: () => firstAt !== null };
}
