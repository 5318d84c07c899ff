/** Which values of a configuration are secrets, so that they can be struck out of whatever is written down. */
import type { Config, KnownSecret } from './types.ts';

/** A plain value in the file is a setting unless its name says otherwise: `NODE_ENV: production` must not be struck out of every text. */
const SAYS_SECRET = /TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE|AUTH|(^|_)(KEY|PASS|PWD|PAT|DSN)(_|$)/i;

export function knownSecrets(config: Config, operatorToken: string | null): KnownSecret[] {
  const environments = config.repos.flatMap(({ pushEnv, testEnv, deploy }) => [
    ...Object.entries(pushEnv),
    ...Object.entries(testEnv ?? {}).map(([name, { value }]) => [name, value] as const),
    ...Object.entries(deploy.env),
  ]);
  const addresses = [
    ...config.repos.map((repo) => ['remote', repo.remote] as const),
    ...(config.store.kind === 'postgres' ? [['store', config.store.url] as const] : []),
  ];
  return [
    ...(config.secrets ?? []),
    ...environments
      .filter(([name, value]) => SAYS_SECRET.test(name) && !isPath(value))
      .map(([name, value]) => ({ name, value })),
    ...addresses.flatMap(([name, address]) => passwordIn(name, address)),
    ...(config.watchdog.ping === null ? [] : [{ name: 'watchdog ping', value: config.watchdog.ping.url }]),
    ...(config.model.apiKey === null ? [] : [{ name: 'model key', value: config.model.apiKey }]),
    ...passwordOf(config.egress?.login ?? null),
    ...(operatorToken === null ? [] : [{ name: 'operator token', value: operatorToken }]),
  ];
}

/** Both as it is and as an address writes it. */
function passwordOf(login: string | null): KnownSecret[] {
  const password = login === null ? '' : login.slice(login.indexOf(':') + 1);
  return password === ''
    ? []
    : [password, encodeURIComponent(password)].map((value) => ({ name: 'proxy password', value }));
}

/** `SSH_KEY: /etc/keys/push` names a file; the secret is in it, and out of everybody's reach. */
function isPath(value: string): boolean {
  return /^[./~][^\s:]*$/.test(value);
}

/** As the address writes it; the redaction knows the decoded one too. */
function passwordIn(name: string, address: string): KnownSecret[] {
  if (!URL.canParse(address)) return [];
  const { protocol, username, password } = new URL(address);
  // Forges take a token for the user's name too, with a fixed word for the password or with none.
  const isToken = /^https?:$/.test(protocol) && username.length >= 16;
  return [...(isToken ? [username] : []), password].map((value) => ({ name: `${name} password`, value }));
}
