/** Tokens for other programs and people. A token's text is on stdout once, and never an argument. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { TokenView } from '../../api/views/view.ts';
import { ago } from '../../ui/format.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { actingCommand, collect, type CommonOptions } from '../terminal/options.ts';
import { columns, paint, plain, say, sayJson } from '../terminal/output.ts';

export function tokenCommand(): Command {
  return new Command('token')
    .description('tokens for other programs and people, each with a name and scopes')
    .addCommand(create())
    .addCommand(list())
    .addCommand(revoke());
}

interface CreateOptions extends CommonOptions {
  readonly scope: readonly string[];
  readonly days?: number;
}

function create(): Command {
  return actingCommand('create', 'make one; its text is printed this once', [
    'token create grafana > grafana.token',
    'token create ci --scope read --scope act --days 90 --json',
  ])
    .argument('<name>', 'who holds it: what it does is recorded under this name')
    .addOption(
      new Option('--scope <scope>', 'what it may do: read, act, operate or admin; give several one after the other')
        .argParser(collect)
        .default([], 'read'),
    )
    .option('--days <n>', 'until it expires (default: never)', days)
    .action(async (name: string, { scope, days: lasting, ...options }: CreateOptions) => {
      const answer = await createApiClient(options).send<{ token: TokenView; secret: string }>('POST', '/api/tokens', {
        name,
        ...(scope.length === 0 ? {} : { scopes: scope }),
        ...(lasting === undefined ? {} : { days: lasting }),
      });
      if (options.json === true) return sayJson(answer);
      const { token, secret } = answer;
      process.stderr.write(
        `${plain(token.name)} (${token.id}) may ${token.scopes.join(', ')}${until(token)}. Keep what follows: it is not shown again.\n`,
      );
      say(secret);
    });
}

function list(): Command {
  return actingCommand('list', 'every token: who holds it, what it may do, when it was used', ['token list']).action(
    async (options: CommonOptions) => {
      const answer = await createApiClient(options).get<{ tokens: readonly TokenView[] }>('/api/tokens');
      if (options.json === true) return sayJson(answer);
      if (answer.tokens.length === 0) return say('none: the operator token is the only one');
      const heads = ['ID', 'NAME', 'SCOPES', 'MADE', 'LAST USED', 'STANDS'].map((head) => paint('dim', head));
      say(columns([heads, ...answer.tokens.map((token) => row(token, Date.now()))]));
    },
  );
}

function revoke(): Command {
  return actingCommand('revoke', 'end one: refused from now on, and its event streams end', [
    'token revoke 4f0c2d9b1a7e6538',
  ])
    .argument('<id>', 'as `token list` shows it')
    .action(async (id: string, options: CommonOptions) => {
      const answer = await createApiClient(options).send<{ token: TokenView }>(
        'POST',
        `/api/tokens/${encodeURIComponent(id)}/revoke`,
        {},
      );
      if (options.json === true) return sayJson(answer);
      say(`${plain(answer.token.name)} (${answer.token.id}) is revoked`);
    });
}

function row(token: TokenView, now: number): string[] {
  return [
    token.id,
    plain(token.name),
    token.scopes.join(', '),
    `${ago(token.createdAt, now)} by ${plain(token.by)}`,
    token.lastUsedAt === null ? 'never' : ago(token.lastUsedAt, now),
    standingOf(token, now),
  ];
}

function standingOf({ revokedAt, expiresAt, ...token }: TokenView, now: number): string {
  if (revokedAt !== null) return paint('dim', `revoked ${ago(revokedAt, now)}`);
  if (expiresAt !== null && expiresAt <= now) return paint('dim', `expired ${ago(expiresAt, now)}`);
  return `${paint('green', 'good')}${until({ ...token, revokedAt, expiresAt })}`;
}

function until({ expiresAt }: TokenView): string {
  return expiresAt === null ? '' : ` until ${new Date(expiresAt).toISOString().slice(0, 10)}`;
}

function days(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('a number of days above 0 is expected.');
  return value;
}
