/** Where an operator goes from the home page. */
import type { StatusView } from '../api/views/view.ts';
import { html, type Html } from './html.ts';

export function topLinks({ links, killSwitch }: Pick<StatusView, 'links' | 'killSwitch'>): Html {
  const temporal = links.temporal !== null && /^https?:\/\//.test(links.temporal) ? links.temporal : null;
  return html`<nav class="links" aria-label="Pages">
    <a href="/issues">Issues</a> <a href="/caps">Caps</a>
    <a href="#kill-switch">Kill switch (${killSwitch.on ? 'on' : 'off'})</a>
    ${temporal !== null && html`<a href="${temporal}" rel="noreferrer">Temporal Web</a>`}
  </nav>`;
}
