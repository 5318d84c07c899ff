/** What keeps a web page that a person happens to have open from calling this API: Host and Origin. */
import type { RequestHandler } from 'express';
import { hostInUrl, isAnyAddress } from '../../config/loopback.ts';
import type { Config } from '../../config/types.ts';
import { ApiError } from './errors.ts';

/** As a Host header has them. */
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Host must be a name of ours, else a page of a rebound DNS name could read everything; Origin, when sent, must be our own. */
export function requireOwnOrigin({ host: bound, publicUrl, names }: Config['api']): RequestHandler {
  const publicOrigin = new URL(publicUrl);
  const ours = new Set([
    ...LOOPBACK_NAMES,
    publicOrigin.hostname,
    ...names,
    ...(isAnyAddress(bound) ? [] : [hostInUrl(bound)]),
  ]);
  return (req, _res, next) => {
    const host = req.headers.host ?? '';
    if (!ours.has(hostName(host))) {
      throw new ApiError(421, {
        code: 'wrong-host',
        message: `this api does not answer for the host ${JSON.stringify(host.slice(0, 100))}`,
        remedy:
          'use localhost, 127.0.0.1, or put the name that people use into api.publicUrl or api.names of lamplighter.yaml',
      });
    }
    const { origin } = req.headers;
    if (origin !== undefined && origin !== publicOrigin.origin && !isSameHost(origin, host)) {
      throw new ApiError(403, {
        code: 'wrong-origin',
        message: `calls from pages of ${JSON.stringify(origin.slice(0, 100))} are refused`,
        remedy: 'call from a page of this server, or without a browser',
      });
    }
    next();
  };
}

/** Lower case and without the port; empty for what is no host at all. */
export function hostName(host: string): string {
  return /^(\[[\da-f:.]+\]|[a-z\d.-]+)(?::\d{1,5})?$/.exec(host.toLowerCase())?.[1] ?? '';
}

function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.host === host.toLowerCase();
}

/** No page of ours runs anything but its own files. */
export const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  next();
};
