/** What every process of ours does at its start and end: config from its argument, a word when ready, a drain on SIGTERM. */
import { readResolvedConfig } from '../config/resolved.ts';
import type { ResolvedConfig } from '../config/resolved.ts';

/** `node workers/<name>.ts <resolved config file>`. */
export function configFromArgument(): ResolvedConfig {
  const file = process.argv[2];
  if (file === undefined)
    throw new Error('give the resolved configuration file as the only argument: `lamplighter up` writes it');
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
