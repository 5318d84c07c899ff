import { Command } from 'commander';
import type { StatusView } from '../../api/views/view.ts';
import { ago } from '../../ui/format.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { actingCommand, apiCommand, type CommonOptions } from '../terminal/options.ts';
import { paint, plain, say, sayJson } from '../terminal/output.ts';

type KillSwitch = StatusView['killSwitch'];

export function killSwitchCommand(): Command {
  return new Command('kill-switch')
    .description('while it is on nothing new starts, and running commands are ended (it is on until you turn it off)')
    .addCommand(set('on'))
    .addCommand(set('off'))
    .addCommand(
      apiCommand('show', 'is it on, since when, by whom', ['kill-switch show --json']).action(
        async (options: CommonOptions) => {
          const answer = await createApiClient(options).get<{ killSwitch: KillSwitch }>('/api/kill-switch');
          if (options.json === true) sayJson(answer);
          else sayKillSwitch(answer.killSwitch);
        },
      ),
    );
}

function set(to: 'on' | 'off'): Command {
  return actingCommand(to, `turn it ${to}`, [`kill-switch ${to} --note "why"`])
    .requiredOption('--note <text>', 'why')
    .action(async (options: CommonOptions & { readonly note: string }) => {
      const answer = await createApiClient(options).send<{ killSwitch: KillSwitch }>('PUT', '/api/kill-switch', {
        on: to === 'on',
        note: options.note,
      });
      if (options.json === true) sayJson(answer);
      else sayKillSwitch(answer.killSwitch);
    });
}

function sayKillSwitch({ on, by, note, at, file, row }: KillSwitch): void {
  say(`the kill switch is ${on ? paint('yellow', 'on') : paint('green', 'off')}`);
  if (at > 0) say(paint('dim', `  set ${ago(at, Date.now())} by ${plain(by)}: ${plain(note)}`));
  if (on && file !== row)
    say(paint('dim', file ? '  by the file kill-switch in the data directory' : '  by the row in the store'));
}

export function recoverCommand(): Command {
  return actingCommand('recover', 'start again what the store says is open and Temporal has lost', [
    'recover',
    'recover --json',
  ]).action(async (options: CommonOptions) => {
    const answer = await createApiClient(options).send<{ runs: string[]; lanes: string[] }>('POST', '/api/recover', {});
    if (options.json === true) return sayJson(answer);
    say(answer.runs.length === 0 ? 'no run was lost' : `started again: ${answer.runs.join(', ')}`);
    if (answer.lanes.length > 0) say(paint('dim', `lanes poked: ${answer.lanes.map(plain).join(', ')}`));
  });
}
