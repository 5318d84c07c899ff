/** What `doctor` says of the way out: which proxy model, remotes and sandboxes each go through, and who said so. */
import { proxyFor, proxyOfEnvironment } from '../../config/egress.ts';
import type { Config } from '../../config/types.ts';
import type { Environment, Finding } from './checkup.ts';

const API_HOST = 'api.anthropic.com';

export function checkEgress(config: Pick<Config, 'egress' | 'model' | 'repos'>, env: Environment): Finding[] {
  const around = proxyOfEnvironment(env);
  const source = around.kind === 'http' && around.proxy === config.egress?.proxy ? around.variable : 'egress.proxy';
  const through = (host: string): string => {
    const proxy = proxyFor(config.egress, host);
    return proxy === null ? 'directly' : `through ${proxy} (${source})`;
  };
  const host = config.model.baseUrl === null ? API_HOST : new URL(config.model.baseUrl).hostname;
  return [
    finding('way out: model', `${host} ${through(host)}`),
    ...(around.kind === 'unfit' ? [unfit(around.why)] : []),
    finding(
      'way out: remotes',
      config.repos.length === 0
        ? 'none is enrolled'
        : config.repos.map(({ name, remote }) => `${name} ${ofRemote(remote, through)}`).join(', '),
    ),
    finding('way out: sandboxes', `what contracts list under network ${through('')}`),
  ];
}

function ofRemote(remote: string, through: (host: string) => string): string {
  const url = URL.parse(remote);
  return url?.protocol === 'http:' || url?.protocol === 'https:'
    ? through(url.hostname)
    : 'directly (git takes a proxy for http and https alone)';
}

function finding(name: string, detail: string): Finding {
  return { name, ok: true, required: false, detail, remedy: null };
}

function unfit(why: string): Finding {
  return {
    name: 'way out: proxy',
    ok: false,
    required: false,
    detail: `${why}, and is not used`,
    remedy: 'name an HTTP proxy as egress.proxy in lamplighter.yaml, or none',
  };
}
