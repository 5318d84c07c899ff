/** The scripted model as an HTTP server that speaks the Messages API; docs/scripted-model.md describes what it plays. */
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { CannotRun } from '../../../config/errors.ts';
import { answerTo, type Answer } from './answer.ts';
import { createFaultCounts, type FaultCounts } from './fault-counts.ts';
import { readRequest, type SeenRequest } from './request.ts';
import type { Fault } from './scenario.ts';
import { createScenarioFolder, type ScenarioFolder } from './scenario-folder.ts';
import { errorEvent, eventsOf, messageOf } from './stream.ts';

export interface ScriptedModelOptions {
  readonly scenarioDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly logFile: string;
  readonly host?: string;
}

/** One line of the log file: a request, and what became of it. */
export interface ScriptedRequest {
  readonly at: number;
  readonly scenario: string | null;
  readonly session: string | null;
  readonly step: number | null;
  readonly kind: Answer['kind'] | 'fault' | 'count' | 'invalid';
  readonly messages: number;
  readonly requestDigest: string;
  readonly fault?: Fault;
  readonly reason?: string;
}

interface Server {
  readonly folder: ScenarioFolder;
  readonly faults: FaultCounts;
  readonly log: (line: ScriptedRequest) => Promise<void>;
}

/** Throws when a scenario is wrong, with file, line, key and what was expected. */
export async function startScriptedModel(
  options: ScriptedModelOptions,
): Promise<{ url: string; close: () => Promise<void> }> {
  const folder = createScenarioFolder(options.scenarioDir);
  const first = await folder.read();
  if (!first.ok)
    throw new CannotRun(`the scripted model cannot start, correct its scenarios:\n${first.errors.join('\n')}`);
  await mkdir(dirname(options.logFile), { recursive: true });

  const server: Server = {
    folder,
    faults: createFaultCounts(),
    log: (line) => appendFile(options.logFile, `${JSON.stringify(line)}\n`),
  };
  const host = options.host ?? '127.0.0.1';
  const http = createServer((request, response) => {
    serve(server, request, response).catch((error: unknown) => {
      // A client that went away in the middle of a stream is not our failure; anything else is shown to it.
      if (!response.destroyed && !response.headersSent) refuse(response, 500, 'api_error', String(error));
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, host, resolve);
  });
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('the scripted model listens on no port');
  return {
    url: `http://${host}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

async function serve(server: Server, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  if (request.method !== 'POST' || (path !== '/v1/messages' && path !== '/v1/messages/count_tokens')) {
    refuse(
      response,
      404,
      'not_found_error',
      `${request.method} ${path} is not played: POST /v1/messages and /v1/messages/count_tokens are`,
    );
    return;
  }
  const body = await bodyOf(request);
  const digest = createHash('sha256').update(body).digest('hex');
  const read = readRequest(body);
  const blank = { at: Date.now(), scenario: null, session: null, step: null, messages: 0, requestDigest: digest };
  if (!read.ok) {
    await server.log({ ...blank, kind: 'invalid', reason: read.why });
    refuse(response, 400, 'invalid_request_error', read.why);
    return;
  }
  const seen = { ...blank, session: read.request.session, messages: read.request.messages.length };
  if (path.endsWith('count_tokens')) {
    await server.log({ ...seen, kind: 'count' });
    send(response, 200, { input_tokens: Math.ceil(body.length / 4) });
    return;
  }
  const set = await server.folder.read();
  if (!set.ok) {
    await server.log({ ...seen, kind: 'invalid', reason: set.errors.join('; ') });
    refuse(response, 400, 'invalid_request_error', `scenarios are wrong: ${set.errors.join('; ')}`);
    return;
  }
  const answer = answerTo(read.request, set.scenarios);
  const fault = server.faults.take(answer);
  await server.log({
    ...seen,
    scenario: answer.scenario,
    step: answer.step,
    kind: fault === null ? answer.kind : 'fault',
    ...(fault === null ? {} : { fault }),
    ...(answer.reason === undefined ? {} : { reason: answer.reason }),
  });
  await play(response, read.request, answer, fault);
}

async function play(
  response: ServerResponse,
  request: SeenRequest,
  answer: Answer,
  fault: Fault | null,
): Promise<void> {
  if (answer.delayMs > 0) await after(answer.delayMs);
  if (fault !== null && 'status' in fault) {
    if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter));
    refuse(
      response,
      fault.status,
      ERROR_TYPES[fault.status] ?? 'api_error',
      fault.message ?? `scripted: status ${fault.status}`,
    );
    return;
  }
  const names = { id: `msg_${randomUUID()}`, model: request.model };
  if (!request.stream && fault === null) {
    send(response, 200, messageOf(answer.reply, names));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const events = eventsOf(answer.reply, names);
  if (fault !== null && 'cutAfterBytes' in fault) {
    const whole = Buffer.from(events.join(''));
    // Only when the bytes are with the kernel may the socket go, else the client sees none of them.
    await new Promise<void>((resolve, reject) => {
      response.write(whole.subarray(0, fault.cutAfterBytes), (error) => (error == null ? resolve() : reject(error)));
    });
    response.destroy();
    return;
  }
  const played =
    fault === null
      ? events
      : 'streamError' in fault
        ? [...events.slice(0, 3), errorEvent(fault.streamError)]
        : events.slice(0, -1);
  for (const event of played) {
    if (response.destroyed) return;
    response.write(event);
    if (answer.paceMs > 0) await after(answer.paceMs);
  }
  response.end();
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  send(response, status, { type: 'error', error: { type, message } });
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
