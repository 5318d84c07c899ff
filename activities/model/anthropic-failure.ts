/**
 * What a failed call was. The error's own type decides first: an `error` event in the middle of a stream has no status.
 * What has neither type nor status is a connection that broke, and worth another attempt.
 */
import { AnthropicError, APIConnectionError, APIConnectionTimeoutError, APIError } from '@anthropic-ai/sdk';
import type { Usage } from '../../domain/money.ts';
import type { ModelFailure } from './port.ts';
import { askedDelay } from '../../domain/delay.ts';
import { headOf } from '../../domain/text.ts';

/** The stream closed, went silent or contradicted itself before the message was whole. */
export class StreamEndedEarly extends Error {
  override readonly name = 'StreamEndedEarly';
}

type Kind = Exclude<ModelFailure['kind'], 'interrupted'>;
type Lasting = 'bad-request' | 'unauthorised' | 'no-credit' | 'unknown-model';
/** All but a person's own stop. */
export type WorldFailure = Exclude<ModelFailure, { kind: 'interrupted' }>;

const BY_TYPE: Readonly<Record<string, Kind>> = {
  invalid_request_error: 'bad-request',
  request_too_large: 'bad-request',
  authentication_error: 'unauthorised',
  permission_error: 'unauthorised',
  billing_error: 'no-credit',
  not_found_error: 'unknown-model',
  rate_limit_error: 'rate-limited',
  overloaded_error: 'overloaded',
  timeout_error: 'server-error',
  api_error: 'server-error',
};

const BY_STATUS: Readonly<Record<number, Kind>> = {
  400: 'bad-request',
  401: 'unauthorised',
  402: 'no-credit',
  403: 'unauthorised',
  404: 'unknown-model',
  413: 'bad-request',
  422: 'bad-request',
  429: 'rate-limited',
  529: 'overloaded',
};

const NOTHING: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const LASTING: ReadonlySet<Kind> = new Set<Lasting>(['bad-request', 'unauthorised', 'no-credit', 'unknown-model']);

/** `began`: whether the stream had shown anything. Errors that are none of the world's are thrown on. */
export function failureOf(error: unknown, began: boolean): WorldFailure {
  if (!(error instanceof Error)) throw error;
  const kind = kindOf(error, began);
  const message = headOf(error.message, 500);
  const usage = costsNothing(error) ? NOTHING : null;
  if (isLasting(kind)) return { kind, message, retryAfterMs: null, usage };
  return { kind, message, retryAfterMs: isApiError(error) ? retryAfterMs(error) : null, usage };
}

/** What the stream showed rules, where it showed anything. */
export function withUsage(failure: WorldFailure, shown: Usage | null): WorldFailure {
  return shown === null ? failure : { ...failure, usage: shown };
}

/** The class's type parameters are `any` to `instanceof`: said here once what they hold. */
function isApiError(error: Error): error is APIError<number | undefined, Headers | undefined, object | undefined> {
  return error instanceof APIError;
}

function isLasting(kind: Kind): kind is Lasting {
  return LASTING.has(kind);
}

function kindOf(error: Error, began: boolean): Kind {
  if (error instanceof StreamEndedEarly) return 'cut-stream';
  if (error instanceof APIConnectionError) return began ? 'cut-stream' : 'unreachable';
  if (isApiError(error)) {
    const type: string | null = error.type;
    const status: number | undefined = error.status;
    // An account without credit is told so by a bad request too, and only its words tell the two apart.
    if (status === 400 && /credit balance/i.test(error.message)) return 'no-credit';
    const known = (type === null ? undefined : BY_TYPE[type]) ?? (status === undefined ? undefined : BY_STATUS[status]);
    return (
      known ??
      (status === undefined
        ? 'cut-stream'
        : status >= 400 && status < 500 && status !== 408 && status !== 409
          ? 'bad-request'
          : 'server-error')
    );
  }
  // fetch and the SDK's decoder end a broken stream with plain errors: `terminated`, or JSON that stops in the middle.
  if (isBrokenTransport(error)) return 'cut-stream';
  throw error;
}

function isBrokenTransport(error: Error): boolean {
  if (error instanceof TypeError) return error.message === 'terminated' || error.cause !== undefined;
  return error instanceof SyntaxError || error instanceof AnthropicError;
}

/** A refusal with a status costs nothing, nor does a connection that never came about. */
function costsNothing(error: Error): boolean {
  if (error instanceof APIConnectionTimeoutError) return false;
  if (error instanceof APIConnectionError) return NEVER_CONNECTED.has(codeOf(error));
  return error instanceof APIError && error.status !== undefined;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : '';
}

function retryAfterMs({ headers }: APIError): number | null {
  const header = (name: string): string | null => headers?.get(name) ?? null;
  return askedDelay({ afterMs: header('retry-after-ms'), after: header('retry-after') }, Date.now());
}
