/**
 * Where everything is kept when nobody names a place. The playground has a place of its own, and with it a kill switch, caps and runs of
 * its own: who has played is as disarmed as before.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

export function ownDataDir(): string {
  return join(homedir(), '.local', 'share', 'lamplighter');
}

export function playgroundDataDir(): string {
  return join(homedir(), '.local', 'share', 'lamplighter-playground');
}
