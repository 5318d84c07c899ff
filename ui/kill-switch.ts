/** The operator's stop as the home page shows it, on or off, with the command that turns it. */
import type { StatusView } from '../api/views/view.ts';
import { command } from './command.ts';
import { when } from './format.ts';
import { html, type Html } from './html.ts';
import { badge } from './layout.ts';

export function killSwitchCard({ killSwitch, links, now }: Pick<StatusView, 'killSwitch' | 'links' | 'now'>): Html {
  const { on, by, note, at, file, row } = killSwitch;
  const to = on ? 'off' : 'on';
  return html`<section class="card" id="kill-switch">
    <h2>Kill switch ${on ? badge('wait', 'on') : badge('good', 'off')}</h2>
    <p>
      ${on ? 'Nothing new starts, and nothing is spent.' : 'Releases are picked up. Turned on, it stops all dispatch and spending.'}
      ${at > 0 && html`<span class="muted">Set ${when(at, now)} by ${by}${note === '' ? '' : `: ${note}`}.</span>`}
      ${on && file !== row && html`<span class="muted">${file ? 'The file kill-switch in the data directory is what holds.' : 'The row in the store is what holds.'}</span>`}
    </p>
    ${command(`lamplighter kill-switch ${to} --note "why"${links.commandPlace}`)}
  </section>`;
}
