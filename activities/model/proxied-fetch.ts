/**
 * `fetch` through an HTTP proxy, as far as the SDK uses it. Node's own takes a proxy for the whole process only, and our processes speak to this
 * machine as well.
 */
import { Agent as HttpAgent, request as askHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as askHttps } from 'node:https';
import { Readable } from 'node:stream';

/** `proxy`: the usual variables, `no_proxy` among them. */
export function createProxiedFetch(proxy: Readonly<Record<string, string>>): typeof fetch {
  const options = { keepAlive: true, proxyEnv: { ...proxy } };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };

  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const { body, method = 'GET', signal } = init;
      if (body != null && typeof body !== 'string') throw new TypeError('only a text can be sent through the proxy');
      const call = {
        method,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(signal == null ? {} : { signal }),
      };
      const asked =
        url.protocol === 'https:'
          ? askHttps(url, { ...call, agent: agents.https })
          : askHttp(url, { ...call, agent: agents.http });
      asked.once('response', (answer) => resolve(responseOf(answer)));
      asked.once('error', reject);
      asked.end(body ?? undefined);
    });
}

function responseOf(answer: IncomingMessage): Response {
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );
  const status = answer.statusCode ?? 500;
  const isEmpty = status === 204 || status === 304;
  if (isEmpty) answer.resume();
  return new Response(isEmpty ? null : (Readable.toWeb(answer) as ReadableStream), { status, headers });
}
