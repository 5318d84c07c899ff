/** What every process of ours does at its start and end: config from its argument, a word when ready, a drain on SIGTERM, a reason when it fails. */
import { CannotRun } from '../config/errors.ts';
import { EXIT_CANNOT_RUN, EXIT_NOT_NOW } from '../config/exit-codes.ts';
import { readResolvedConfig } from '../config/resolved.ts';
import type { ResolvedConfig } from '../config/resolved.ts';

process.on('uncaughtException', fail);

/**
 * Ends the process, so that another one is started: a dead one must not look alive. Most of what fails here is somebody else's
 * doing (Temporal or the store died under it); only what a person must mend is not tried again.
 */
export function fail(error: unknown): never {
  const isFinal = error instanceof CannotRun;
  const said = error instanceof Error ? (isFinal ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${said}\n`);
  process.exit(isFinal ? EXIT_CANNOT_RUN : EXIT_NOT_NOW);
}

/** `node workers/<name>.ts <resolved config file>`. */
export function configFromArgument(): ResolvedConfig {
  const file = process.argv[2];
  if (file === undefined)
    throw new CannotRun('give the resolved configuration file as the only argument: `lamplighter up` writes it');
  return readResolvedConfig(file);
}

export function sayReady(facts: Readonly<Record<string, unknown>> = {}): void {
  process.send?.({ ready: true, ...facts });
}

/** Calls `drain` once on SIGTERM or SIGINT, or when the parent is gone. */
export function onStop(drain: () => void): void {
  let asked = false;
  const once = (): void => {
    if (asked) return;
    asked = true;
    drain();
  };
  process.once('SIGTERM', once);
  // Ctrl-C reaches the whole process group: `up` decides what it means, and sends SIGTERM.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', once);
}
