/**
 * What a key can get beside its verbs: nothing, if its line says `restrict` and `command=`. Each question is asked on a connection of its
 * own and is harmless where the answer is wrong: a terminal for a word that is no verb, a way to the host's own sshd that is hung up at once.
 */
import { connect } from 'node:net';
import ssh2, { type Client } from 'ssh2';
import { hangUp, handshake, type Limits, type Target } from './exchange.ts';

export type Granted = 'refused' | 'granted' | 'unknown';

export interface Restrictions {
  readonly terminal: Granted;
  readonly forwarding: Granted;
}

export async function probeRestrictions(target: Target, limits: Limits): Promise<Restrictions> {
  const terminal = await asked(target, limits, (client, answer) => {
    client.exec('id', { pty: true }, (error, channel) => {
      if (error === undefined) {
        channel.on('error', () => undefined);
        channel.resume();
        channel.stderr.resume();
      }
      answer(error === undefined ? 'granted' : /pseudo-terminal/.test(error.message) ? 'refused' : 'unknown');
    });
  });
  const forwarding = await asked(target, limits, (client, answer) => {
    client.forwardOut('127.0.0.1', 0, '127.0.0.1', target.port, (error, channel) => {
      if (error === undefined) channel.on('error', () => undefined);
      answer(error === undefined ? 'granted' : isProhibited(error) ? 'refused' : 'unknown');
    });
  });
  return { terminal, forwarding };
}

/** Reason 1: by the administrator. Any other would say that it was tried. */
function isProhibited(error: Error): boolean {
  return 'reason' in error && error.reason === 1;
}

async function asked(
  target: Target,
  limits: Limits,
  ask: (client: Client, answer: (granted: Granted) => void) => void,
): Promise<Granted> {
  const socket = connect(target.port, target.host);
  const client = new ssh2.Client();
  try {
    if ((await handshake(client, socket, target, limits)) !== null) return 'unknown';
    return await new Promise<Granted>((resolve) => {
      const timer = setTimeout(() => resolve('unknown'), limits.channelMs);
      client.once('close', () => resolve('unknown'));
      ask(client, (granted) => {
        clearTimeout(timer);
        resolve(granted);
      });
    });
  } finally {
    hangUp(client, socket);
  }
}
