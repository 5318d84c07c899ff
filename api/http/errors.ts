/** Every refusal leaves as `{error: {code, message, remedy?, field?}}`; whatever else goes wrong gets an id, and its stack stays in the log. */
import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request } from 'express';
import type { ErrorBody } from '../views/view.ts';

/** A refusal that the caller can act on. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody['error'];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: ErrorBody['error'], headers: Readonly<Record<string, string>> = {}) {
    super(body.message);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function notFound(what: string, remedy?: string): ApiError {
  return new ApiError(404, {
    code: 'not-found',
    message: `there is no ${what}`,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly [field: string]: unknown;
}

export type Log = (entry: LogEntry) => void;

/** What express and its body parser throw, by their own `type` or status. */
const PARSER: Readonly<Record<string, { readonly status: number; readonly body: ErrorBody['error'] }>> = {
  'entity.parse.failed': {
    status: 400,
    body: { code: 'malformed-json', message: 'the body is not valid JSON', remedy: 'send one JSON object' },
  },
  'entity.too.large': {
    status: 413,
    body: { code: 'too-large', message: 'the body is larger than 256 KiB', remedy: 'send less' },
  },
  'charset.unsupported': {
    status: 415,
    body: { code: 'unsupported-charset', message: 'the body is not UTF-8', remedy: 'send UTF-8' },
  },
  'encoding.unsupported': {
    status: 415,
    body: {
      code: 'unsupported-encoding',
      message: 'the Content-Encoding is unknown',
      remedy: 'send the body as it is',
    },
  },
  'request.size.invalid': {
    status: 400,
    body: { code: 'size-mismatch', message: 'the body is not as long as its Content-Length says' },
  },
  'request.aborted': { status: 400, body: { code: 'aborted', message: 'the request was cut off' } },
};

function refusalOf(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (typeof error !== 'object' || error === null) return null;
  const known = 'type' in error && typeof error.type === 'string' ? PARSER[error.type] : undefined;
  if (known !== undefined) return new ApiError(known.status, known.body);
  if (error instanceof Error && /database or disk is full|^ENOSPC\b/m.test(error.message))
    return new ApiError(507, {
      code: 'disk-full',
      message: 'the disk of the data directory is full: nothing of this was accepted',
      remedy: 'free some room there, then ask again',
    });
  // The router's own: a path that is not valid percent-encoding.
  if (error instanceof URIError)
    return new ApiError(400, { code: 'malformed-path', message: 'the path is not valid percent-encoding' });
  // What the body parser blames on the sender without a type of its own, such as a gzip that is none.
  const blamed = 'expose' in error && error.expose === true && 'status' in error ? Number(error.status) : 0;
  if (blamed >= 400 && blamed < 500)
    return new ApiError(blamed, { code: 'unreadable', message: 'the body cannot be read', remedy: 'send plain JSON' });
  return null;
}

/** `present` answers a person's browser with a page; it says whether it did. */
export function createErrorHandler(deps: {
  readonly log: Log;
  readonly present: (req: Request, status: number, error: ErrorBody['error']) => string | null;
}): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    const refusal = refusalOf(thrown) ?? unexpected(thrown, req, deps.log);
    if (res.headersSent) {
      // A half-sent answer must not look whole.
      res.destroy();
      return;
    }
    const page = deps.present(req, refusal.status, refusal.body);
    res.status(refusal.status).set(refusal.headers);
    if (page === null) res.json({ error: refusal.body } satisfies ErrorBody);
    else res.type('html').send(page);
  };
}

function unexpected(error: unknown, req: Request, log: Log): ApiError {
  const id = randomUUID();
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log({ level: 'error', message: 'request failed', id, method: req.method, path: req.path, detail });
  return new ApiError(500, {
    code: 'internal',
    message: `something went wrong in the api (${id})`,
    remedy: `look for ${id} in the api's log`,
  });
}
