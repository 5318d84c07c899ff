/**
 * One connection, one request, one answer. Each step has its own deadline, because the library bounds the handshake alone; and whatever
 * happens, the socket is gone at the end.
 *
 * The answer says how far it came: `not-sent` where it is certain that the host's script never saw the request, `lost` where it may have.
 */
import { connect, type Socket } from 'node:net';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import type { HostKey } from '../../config/host-key.ts';
import type { NothingDone, Unclear } from '../../domain/breakglass/outcome.ts';
import { fingerprintOf, isSameKey, signaturesFor } from './host-key.ts';
import { bounded, lineReader, plainLine } from './plain-text.ts';
import type { PrivateKey } from './private-key.ts';

export interface Target {
  /** An address, not a name: the verbs must work while names do not. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: HostKey;
  readonly key: PrivateKey;
}

export interface Limits {
  readonly handshakeMs: number;
  readonly channelMs: number;
  readonly commandMs: number;
  readonly closingMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveMisses: number;
}

export type Exchange =
  | { readonly kind: 'answered'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'not-sent'; readonly reason: NothingDone; readonly hint: string }
  | { readonly kind: 'lost'; readonly reason: Unclear; readonly why: string };

const STDOUT_BYTES = 256 * 1024;
const STDERR_BYTES = 64 * 1024;
/** Far more than an op has ever said beside its answer: who says more does not come to an end. */
const WORDS_BYTES = 8 * 1024 * 1024;
const LINES = { lines: 500, characters: 500 };

export async function exchange(
  target: Target,
  command: string,
  limits: Limits,
  onLine: (line: string) => void,
): Promise<Exchange> {
  const socket = connect(target.port, target.host);
  const client = new ssh2.Client();
  try {
    const refused = await handshake(client, socket, target, limits);
    return refused ?? (await request(client, command, limits, onLine));
  } finally {
    hangUp(client, socket);
  }
}

/** `destroy` of the library spares a socket that was half closed already; this one is ours, so it goes. */
export function hangUp(client: Client, socket: Socket): void {
  client.on('error', () => undefined);
  client.end();
  socket.destroySoon();
  // A peer that takes nothing any more would hold the last bytes, and this socket with them.
  setTimeout(() => socket.destroy(), 250).unref();
}

/** Null when the host has proven its key and taken ours. */
export function handshake(
  client: Client,
  socket: Socket,
  target: Target,
  limits: Limits,
): Promise<Extract<Exchange, { kind: 'not-sent' }> | null> {
  const where = `${target.host}:${target.port}`;
  return new Promise((resolve) => {
    let strange: Buffer | null = null;
    let connected = false;
    const end = (refusal: readonly [NothingDone, string] | null): void => {
      clearTimeout(timer);
      resolve(refusal === null ? null : { kind: 'not-sent', reason: refusal[0], hint: refusal[1] });
    };
    const timer = setTimeout(() => end(tooSlow(where, connected, limits.handshakeMs)), limits.handshakeMs);
    socket.once('connect', () => (connected = true));
    client.once('ready', () => end(null));
    // More than one may come; each must find a listener, or it ends the process.
    client.on('error', (error) =>
      end(strange === null ? refusedBy(error, where, target) : keyDiffers(where, target, strange)),
    );
    client.once('close', () => end(['handshake_failed', `${where} ended the connection before it let anybody in`]));
    client.connect({
      sock: socket,
      username: target.user,
      privateKey: target.key.bytes,
      authHandler: ['publickey'],
      readyTimeout: 0,
      keepaliveInterval: limits.keepaliveMs,
      keepaliveCountMax: limits.keepaliveMisses,
      algorithms: { serverHostKey: signaturesFor(target.hostKey) as never },
      hostVerifier: (presented: Buffer) => {
        if (isSameKey(target.hostKey, presented)) return true;
        strange = Buffer.from(presented);
        return false;
      },
    });
  });
}

function tooSlow(where: string, connected: boolean, ms: number): readonly [NothingDone, string] {
  if (!connected)
    return [
      'host_unreachable',
      `no answer from ${where} within ${ms / 1000} s: is the host up, is it the right address?`,
    ];
  return [
    'handshake_timeout',
    `${where} took the connection and did not let this client in within ${ms / 1000} s: its sshd hangs or is overloaded; try again, then look at the host`,
  ];
}

function keyDiffers(where: string, target: Target, presented: Buffer): readonly [NothingDone, string] {
  return [
    'host_key_mismatch',
    `the host key of ${where} is not the pinned one: pinned ${fingerprintOf(target.hostKey.blob)}, presented ${fingerprintOf(presented)}. ` +
      'Nothing was sent. Somebody else may be answering; if the host was installed anew, compare with `ssh-keygen -lf` on the host itself before pinning the new key',
  ];
}

function refusedBy(
  error: Error & { level?: string; code?: unknown },
  where: string,
  target: Target,
): readonly [NothingDone, string] {
  const said = plainLine(error.message).slice(0, 200);
  switch (error.level) {
    case 'client-authentication':
      return [
        'key_refused',
        `${where} does not take this key (${fingerprintOf(target.key.publicBlob)}) for ${target.user}: is its line in root's authorized_keys there, and does from= name the address that the host sees?`,
      ];
    case 'client-socket':
      return [
        'host_unreachable',
        `${where} cannot be reached (${said}): is the host up, is it the right address and port?`,
      ];
    default:
      return ['handshake_failed', `${where} and this client could not agree (${said}): is it an SSH server?`];
  }
}

/** From an open connection to a whole answer, or to the reason why there is none. */
function request(client: Client, command: string, limits: Limits, onLine: (line: string) => void): Promise<Exchange> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const end = (result: Exchange): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const lose = (reason: Unclear, why: string): void => end({ kind: 'lost', reason, why });
    const within = (ms: number, late: () => void): void => {
      clearTimeout(timer);
      timer = setTimeout(late, ms);
    };
    let broken = '';
    client.on('error', (error) => (broken ||= plainLine(error.message).slice(0, 200)));
    // The library tells an open channel of the end, a request under way not always: this event comes in every case.
    client.once('close', () => lose('connection_lost', `the connection was lost (${broken || 'the host ended it'})`));
    timer = setTimeout(
      () => lose('channel_timeout', `the host did not take the request within ${limits.channelMs / 1000} s`),
      limits.channelMs,
    );
    client.exec(command, (error, channel) => {
      if (error !== undefined) return end(notTaken(error, broken));
      within(limits.commandMs, () => lose('command_timeout', `no whole answer within ${limits.commandMs / 1000} s`));
      listen(channel, { limits, onLine, end, lose, within });
    });
  });
}

/** Refused by a host that still talks: it did not run. Anything else may have been taken. */
function notTaken(error: Error, broken: string): Exchange {
  const said = plainLine(error.message).slice(0, 200);
  if (broken === '' && ('reason' in error || error.message === 'Unable to exec'))
    return {
      kind: 'not-sent',
      reason: 'channel_refused',
      hint: `the host let this client in and refused to run anything (${said}): is sshd at its limit (MaxSessions)?`,
    };
  return { kind: 'lost', reason: 'connection_lost', why: `the connection was lost (${broken || said})` };
}

interface Listening {
  readonly limits: Limits;
  readonly onLine: (line: string) => void;
  readonly end: (result: Exchange) => void;
  readonly lose: (reason: Unclear, why: string) => void;
  readonly within: (ms: number, late: () => void) => void;
}

function listen(channel: ClientChannel, { limits, onLine, end, lose, within }: Listening): void {
  const [stdout, stderr] = [bounded(STDOUT_BYTES), bounded(STDERR_BYTES)];
  const lines = lineReader(LINES, onLine);
  let [code, words]: [number | null | undefined, number] = [undefined, 0];
  const answer = (): void => {
    lines.end();
    if (typeof code === 'number') return end({ kind: 'answered', code, stdout: stdout.text(), stderr: stderr.text() });
    lose('no_exit_code', 'the host closed the channel without an exit code');
  };
  channel.on('data', (chunk: Buffer) => {
    stdout.take(chunk);
    if (stdout.full) lose('answer_too_large', `the answer is longer than ${STDOUT_BYTES / 1024} kB`);
  });
  channel.stderr.on('data', (chunk: Buffer) => {
    stderr.take(chunk);
    lines.take(chunk);
    words += chunk.length;
    if (words > WORDS_BYTES)
      lose('answer_too_large', `the host said more than ${WORDS_BYTES / 1024} kB beside its answer`);
  });
  channel.on('exit', (exit: number | null) => {
    code = exit;
    within(limits.closingMs, answer);
  });
  channel.on('error', (error: Error) => lose('connection_lost', plainLine(error.message).slice(0, 200)));
  channel.on('close', answer);
  channel.end();
}
