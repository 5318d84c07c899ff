/** One question to the running service: which version are you? Bounded in time and size, follows no redirect, shares no connection with the question before. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HealthProbe } from '../../config/watchers/http-health.ts';

/** What was seen: `version` is what the answer says of itself, exact and trimmed. */
export type Sighting =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'failure'; readonly what: string };

const MOST_BYTES = 64 * 1024;

export async function probeHealth(probe: HealthProbe, signal: AbortSignal): Promise<Sighting> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.round(probe.timeoutSeconds * 1_000)));
  let answer: Answer;
  try {
    answer = await ask(new URL(probe.url), AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return failure(`did not answer within ${probe.timeoutSeconds} s`);
    if (!(error instanceof Error)) throw error;
    return failure(`could not be asked (${'code' in error ? String(error.code) : error.message})`);
  }
  return readAnswer(probe, answer);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Null: more than is read. */
  readonly body: string | null;
}

function ask(url: URL, signal: AbortSignal): Promise<Answer> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // No agent: a kept connection would still lead to the process that was replaced.
    const asked = request(
      url,
      { agent: false, signal, headers: { accept: '*/*', 'cache-control': 'no-cache', connection: 'close' } },
      (response) => {
        readBody(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function readBody(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const piece = Buffer.from(chunk as Uint8Array);
    bytes += piece.length;
    if (bytes > MOST_BYTES) {
      response.destroy();
      return null;
    }
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(probe: HealthProbe, { status, headers, body }: Answer): Sighting {
  if (status >= 300 && status < 400) return failure(`answers ${status}, a redirect, which is not followed`);
  if (status < 200 || status >= 300) return failure(`answers ${status}`);
  if (body === null) return failure(`answers more than ${MOST_BYTES / 1024} KB`);
  const version = versionIn(probe.version, headers, body);
  return version === null
    ? failure(`answers ${status} without a version at ${probe.version}`)
    : { kind: 'version', version };
}

function versionIn(where: string, headers: IncomingMessage['headers'], body: string): string | null {
  if (where === 'body') return nonEmpty(body);
  if (where.startsWith('header:')) {
    const value = headers[where.slice('header:'.length).toLowerCase()];
    return nonEmpty(Array.isArray(value) ? value.join(', ') : (value ?? ''));
  }
  const path = where.slice('json:'.length).split('.');
  let value = parse(body);
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === 'string' ? nonEmpty(value) : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function nonEmpty(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function failure(what: string): Sighting {
  return { kind: 'failure', what };
}
