/** Where the api is and what opens it: `up` leaves both in its data directory. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ownDataDir, playgroundDataDir } from '../../config/data-dirs.ts';
import { CliFailure, EXIT } from './failure.ts';

export interface Place {
  readonly dataDir?: string | undefined;
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
}

export interface ApiAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly dataDir: string;
  /** How the address is known, for messages. */
  readonly from: string;
}

/** The one that was named; else the usual one, unless the playground is up and that one is not. */
export function dataDirOf(place: Place): string {
  if (place.dataDir !== undefined) return resolve(place.dataDir);
  return !isUp(ownDataDir(), place.url) && isUp(playgroundDataDir(), place.url) ? playgroundDataDir() : ownDataDir();
}

/** Null, or why the answer may not be about what its reader has in mind. */
export function otherUp(place: Place): string | null {
  if (place.dataDir !== undefined || place.url !== undefined) return null;
  if (!isUp(ownDataDir()) || !isUp(playgroundDataDir())) return null;
  return `this is about ${ownDataDir()}; the playground is up too: --data-dir ${playgroundDataDir()}`;
}

const upFile = z.object({ url: z.url({ protocol: /^https?$/ }), pid: z.number() });

/** Whether its process lives, at that address if one is given. A killed one leaves its file behind. */
function isUp(dataDir: string, url?: string): boolean {
  const read = upFile.safeParse(parseJson(readIfThere(join(dataDir, 'up.json')) ?? ''));
  return read.success && isAlive(read.data.pid) && (url === undefined || sameAddress(url, read.data.url));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function sameAddress(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}

export function findApi(place: Place): ApiAddress {
  const dataDir = dataDirOf(place);
  if (place.url !== undefined) {
    if (!URL.canParse(place.url) || !/^https?:/.test(place.url)) {
      throw new CliFailure(
        EXIT.usage,
        'usage',
        `--url ${JSON.stringify(place.url)} is not an http address`,
        'such as http://127.0.0.1:7070',
      );
    }
    return { url: place.url.replace(/\/+$/, ''), dataDir, from: '--url' };
  }
  const file = join(dataDir, 'up.json');
  const text = readIfThere(file);
  if (text === null) throw notUp(dataDir, `lamplighter is not up: there is no up.json in ${dataDir}`);
  const read = upFile.safeParse(parseJson(text));
  if (!read.success) throw notUp(dataDir, `${file} cannot be read: ${read.error.issues[0]?.message ?? 'not JSON'}`);
  return { url: read.data.url.replace(/\/+$/, ''), dataDir, from: `${file}, process ${read.data.pid}` };
}

export function notUp(dataDir: string, message: string): CliFailure {
  return new CliFailure(
    EXIT.unreachable,
    'not-reachable',
    message,
    `start it: lamplighter up --data-dir ${dataDir}; or name another with --data-dir or --url`,
  );
}

/** For reading, which needs none on this machine. The operator's own is not sent to an address that somebody named. */
export function tokenForReading(place: Place): string | null {
  if (place.tokenFile !== undefined) return readToken(place);
  if (place.url !== undefined) return null;
  return readIfThere(join(dataDirOf(place), 'operator.token'))?.trim() || null;
}

export function readToken(place: Place): string {
  const file = place.tokenFile ?? join(dataDirOf(place), 'operator.token');
  const text = readIfThere(file)?.trim();
  if (text === undefined || text === '') {
    throw new CliFailure(
      EXIT.failed,
      'no-token',
      `this needs a token, and ${file} is missing or empty`,
      '`lamplighter up` writes it; name another file with --token-file',
    );
  }
  return text;
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(
      EXIT.failed,
      'unreadable',
      `${file} cannot be read: ${why}`,
      'run this as the user that runs `lamplighter up`',
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
