/** What `up` says once it is up: what is served, whether anything starts, how to look, how it ends. */
import type { StatusView } from '../../api/views/view.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { columns } from '../terminal/output.ts';
import type { UpOptions } from './options.ts';

type Say = (line: string) => void;

export function welcomeToPlayground(options: UpOptions, say: Say): void {
  say(
    'this is the playground: two repos, three issues. One ships; one is red once deployed and mended by another commit;',
  );
  say('one cannot be mended: it freezes, untouched, and waits for you. It has its own kill switch, caps and runs.');
  sayTable(say, [
    ['its runs', `${commandOf(options, 'runs')}   (in another terminal)`],
    ['end it', 'Ctrl-C; what was done is kept, and the same command goes on from there'],
    ['play again', againOf(options)],
  ]);
}

export function againOf(options: UpOptions): string {
  const seed = options.seed === 1 ? '' : ` --seed ${options.seed}`;
  return `npm start -- --fresh${seed}${placeOf(options)}`;
}

/** Throws when the api does not answer. */
export async function welcomeToOwn(options: UpOptions, dataDir: string, say: Say): Promise<void> {
  const { repos, killSwitch, openRuns } = await createApiClient({ dataDir }).get<StatusView>('/api/status');
  const open = openRuns.length === 0 ? '' : `, ${openRuns.length} open`;
  sayTable(say, [
    ...(repos.length === 0 ? [['repos', 'none is enrolled: name them under repos: in lamplighter.yaml']] : []),
    ...repos.map(({ name, allowed }) => [
      'repo',
      `${name}: ${allowed ? 'allowed' : 'not under allow: in lamplighter.yaml, so nothing of it starts'}`,
    ]),
    [
      'kill switch',
      killSwitch.on ? `on: nothing starts until ${commandOf(options, 'kill-switch off --note "why"')}` : 'off',
    ],
    ['runs', `${commandOf(options, 'runs')}${open}`],
    ['end it', 'Ctrl-C; runs are parked, and the same command goes on with them'],
  ]);
}

function commandOf(options: UpOptions, words: string): string {
  return `${options.command} ${words}${placeOf(options)}`;
}

function placeOf({ dataDir }: UpOptions): string {
  return dataDir === null ? '' : ` --data-dir ${/^[\w./-]+$/.test(dataDir) ? dataDir : `'${dataDir}'`}`;
}

function sayTable(say: Say, rows: readonly (readonly string[])[]): void {
  for (const line of columns(rows).split('\n')) say(`  ${line}`);
}
