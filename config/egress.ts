/**
 * The one way out: which HTTP proxy stands between this machine and the outside, for model, remotes and sandboxes alike. `egress` in
 * lamplighter.yaml says it, else the usual variables of the environment. What listens on this machine is never asked for through it.
 */
import { percentDecoded } from '../domain/percent.ts';
import { directIn, isDirectHost, noProxyOf } from './direct-hosts.ts';
import type { Environment } from './environment.ts';
import type { Egress } from './types.ts';

/** Whatever a library may take for the setting of a proxy: our processes have none of them, and are told by us. */
export const PROXY_VARIABLES: readonly string[] = ['http', 'https', 'all', 'no', 'grpc', 'no_grpc'].flatMap((kind) => [
  `${kind}_proxy`,
  `${kind}_proxy`.toUpperCase(),
]);

const LOOPBACK = ['127.0.0.0/8', 'localhost', '::1'];

export type EnvironmentProxy =
  | { readonly kind: 'none' }
  /** Said in words that may be shown. */
  | { readonly kind: 'unfit'; readonly why: string }
  | { readonly kind: 'http'; readonly variable: string; readonly proxy: string; readonly login: string | null };

export function proxyOfEnvironment(env: Environment): EnvironmentProxy {
  const variable = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => (env[name] ?? '') !== '');
  if (variable === undefined) return { kind: 'none' };
  const given = env[variable] ?? '';
  const url = URL.parse(given.includes('://') ? given : `http://${given}`);
  if (url?.protocol !== 'http:' || url.hostname === '')
    return { kind: 'unfit', why: `${variable} does not name a proxy over http://` };
  const login = url.username === '' ? null : `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  return { kind: 'http', variable, proxy: `${url.hostname}:${url.port || 80}`, login };
}

export interface GivenEgress {
  readonly proxy?: string | undefined;
  readonly direct?: readonly string[] | undefined;
  readonly privateHosts?: readonly string[] | undefined;
}

export function resolveEgress(given: GivenEgress | undefined, env: Environment): Egress {
  const privateHosts = given?.privateHosts ?? [];
  const around = proxyOfEnvironment(env);
  const direct = given?.direct ?? directIn(env['NO_PROXY'] || env['no_proxy'] || '');
  if (given?.proxy === 'none') return { proxy: null, privateHosts };
  if (given?.proxy !== undefined) {
    // The file need not hold a password: the environment may have it for the same proxy.
    const login = around.kind === 'http' && around.proxy === given.proxy ? around.login : null;
    return { proxy: given.proxy, privateHosts, ...withoutEmpty(login, direct) };
  }
  if (around.kind !== 'http') return { proxy: null, privateHosts };
  return { proxy: around.proxy, privateHosts, ...withoutEmpty(around.login, direct) };
}

function withoutEmpty(login: string | null, direct: readonly string[]): Pick<Egress, 'login' | 'direct'> {
  return { ...(login === null ? {} : { login }), ...(direct.length === 0 ? {} : { direct }) };
}

/** The proxy that a host is reached through; null: none. */
export function proxyFor(egress: Egress | undefined, host: string): string | null {
  if (egress === undefined || egress.proxy === null) return null;
  return isDirectHost([...LOOPBACK, ...(egress.direct ?? [])], host) ? null : egress.proxy;
}

/** For a program that reads the usual variables: in its environment alone, because a login is in it. */
export function proxyVariables(egress: Egress | undefined): Record<string, string> {
  if (egress === undefined || egress.proxy === null) return {};
  const login = egress.login == null ? '' : `${egress.login.split(':').map(encodeURIComponent).join(':')}@`;
  const url = `http://${login}${egress.proxy}`;
  const direct = ['127.0.0.1', ...noProxyOf([...LOOPBACK, ...(egress.direct ?? [])])];
  return { http_proxy: url, https_proxy: url, no_proxy: direct.join(',') };
}

/** The same for a program that asks one host alone: it need not read lists as we do. */
export function proxyVariablesFor(egress: Egress | undefined, host: string): Record<string, string> {
  return proxyFor(egress, host) === null ? {} : proxyVariables(egress);
}
