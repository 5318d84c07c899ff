import { userInfo } from 'node:os';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ErrorBody } from '../../api/views/view.ts';
import type { RunSummary } from '../../api/views/view.ts';
import { CliFailure, EXIT } from './failure.ts';
import { findApi, notUp, otherUp, readToken, tokenForReading, type ApiAddress, type Place } from './find-api.ts';

export interface ApiOptions extends Place {
  /** The name that acts are recorded under. */
  readonly as?: string | undefined;
}

export interface ServerEvent {
  readonly id: string | undefined;
  readonly kind: string | undefined;
  readonly data: string;
}

/** The api of one data directory or address. Answers are trusted to have the shape of api/views/view.ts: both are one release. */
export interface ApiClient {
  get<T>(path: string): Promise<T>;
  /** The answer as it is. */
  text(path: string): Promise<string>;
  send<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T>;
  /** One connection; ends when the server or the network ends it. */
  events(path: string, lastEventId: string): AsyncIterable<ServerEvent>;
}

export function createApiClient(options: ApiOptions): ApiClient {
  const other = otherUp(options);
  if (other !== null) process.stderr.write(`lamplighter: ${other}\n`);

  async function call(path: string, init: RequestInit): Promise<Response> {
    // Looked up each time: an api that came back may have another port.
    const address = findApi(options);
    const answer = await reach(address, path, init);
    if (answer.ok) return answer;
    throw await failureOf(answer, path);
  }

  function read(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const token = tokenForReading(options);
    return call(path, { headers: { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) } });
  }

  return {
    async get<T>(path: string) {
      const answer = await read(path);
      return (await answer.json()) as T;
    },
    async text(path) {
      return (await read(path)).text();
    },
    async send<T>(method: 'POST' | 'PUT', path: string, body: object) {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${readToken(options)}`,
        'x-lamplighter-actor': encodeURIComponent(options.as ?? userInfo().username),
      };
      const answer = await call(path, { method, headers, body: JSON.stringify(body) });
      return (await answer.json()) as T;
    },
    async *events(path, lastEventId) {
      const place = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
      const answer = await read(path, { accept: 'text/event-stream', ...place });
      if (answer.body === null) return;
      for await (const event of answer.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())) {
        yield { id: event.id, kind: event.event, data: event.data };
      }
    },
  };
}

async function reach(address: ApiAddress, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${address.url}${path}`, init);
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error
        ? error.cause.message || String(error.cause)
        : String(error);
    throw notUp(
      address.dataDir,
      `nothing answers at ${address.url} (from ${address.from}; data directory ${address.dataDir}): ${cause}`,
    );
  }
}

async function failureOf(answer: Response, path: string): Promise<CliFailure> {
  const text = await answer.text();
  const error = errorBodyOf(text);
  if (error === null)
    return new CliFailure(
      EXIT.failed,
      'not-lamplighter',
      `${path} answered ${answer.status}, and not as lamplighter does`,
      'check --url',
    );
  return new CliFailure(EXIT.failed, error.code, error.message, error.remedy ?? null);
}

function errorBodyOf(text: string): ErrorBody['error'] | null {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return body?.error ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A run by its id or any beginning of it that only one run has. */
export async function findRun(api: ApiClient, given: string): Promise<RunSummary> {
  const { runs } = await api.get<{ runs: RunSummary[] }>(`/api/runs?id=${encodeURIComponent(given)}&limit=20`);
  const exact = runs.find((run) => run.id === given);
  const [first, second] = runs;
  if (exact !== undefined) return exact;
  if (first === undefined)
    throw new CliFailure(
      EXIT.failed,
      'not-found',
      `no run's id begins with ${JSON.stringify(given)}`,
      '`lamplighter runs` lists them',
    );
  if (second === undefined) return first;
  throw new CliFailure(
    EXIT.failed,
    'ambiguous',
    `${JSON.stringify(given)} begins the id of more than one run: ${runs.map((run) => run.id).join(', ')}`,
    'give more of it',
  );
}
