/** Every cap in its window: what is spent, what is left, and who raised it. */
import type { CapsView, CapView } from '../api/views/view.ts';
import { command } from './command.ts';
import { money, when } from './format.ts';
import { html, type Html } from './html.ts';
import { badge, layout } from './layout.ts';

/** `place`: what a command needs at its end to find this service. */
export function capsPage({ caps, now }: CapsView, place: string): string {
  return layout({
    title: 'Caps',
    body: html`<p class="crumbs"><a href="/">Runs</a> / Caps</p>
      <h1>Caps</h1>
      <p class="muted">
        The most that may be spent in a calendar day or month (UTC). A reached cap holds, and ends nothing.
      </p>
      <ul class="evidence">
        ${caps.map((cap) => capItem(cap, now))}
      </ul>
      <section class="card">
        <h2>Raise one</h2>
        <p>Until its window ends, with your name and why:</p>
        ${command(`lamplighter caps raise day --usd 20 --note "why"${place}`)}
      </section>`,
  });
}

function capItem(cap: CapView, now: number): Html {
  const most = cap.capMicroUsd + cap.raisedMicroUsd;
  return html`<li class="card">
    <span class="evidence-kind">${cap.repoName ?? 'All repos'}, this ${cap.window}</span>
    <span class="evidence-verdict">${cap.reached ? badge('wait', 'reached: holds') : badge('good', 'open')}</span>
    <span class="evidence-summary">
      ${money(cap.spentMicroUsd)} of ${money(most)} spent, ${money(cap.leftMicroUsd)} left until
      ${new Date(cap.endsAt).toISOString().slice(0, 16).replace('T', ' ')} UTC
    </span>
    ${cap.raises.map(
      (raise) =>
        html`<span class="evidence-meta"
          >${money(raise.microUsd)} added by ${raise.by} ${when(raise.at, now)}: ${raise.note}</span
        >`,
    )}
  </li>`;
}
