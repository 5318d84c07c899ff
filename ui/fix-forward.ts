/** The story of a red deploy on a run's page: each push, what the deploy said of it and why, and how much of the bounds is left. */
import type { FixForwardView, PushView, RunView } from '../api/views/view.ts';
import { duration, shortSha, when } from './format.ts';
import { html, type Html } from './html.ts';
import { badge } from './layout.ts';

export function fixForwardCard({ fixForward }: RunView, now: number): Html | null {
  if (fixForward === null) return null;
  return html`<section class="card story">
    <h2>Fix-forward</h2>
    <p class="muted">${boundsInWords(fixForward, now)}</p>
    <ol class="pushes">
      ${fixForward.pushes.map((push) => pushItem(push, now))}
    </ol>
  </section>`;
}

/** `1 of 5 attempts made, 48 min left`. */
export function boundsInWords({ made, allowed, until }: FixForwardView, now: number): string {
  const attempts = `${made} of ${allowed} ${allowed === 1 ? 'attempt' : 'attempts'} made`;
  if (until === null) return attempts;
  return until > now
    ? `${attempts}, ${duration(until - now)} left to start another`
    : `${attempts}, no time left to start another`;
}

function pushItem({ sha, by, at, verdict, red }: PushView, now: number): Html {
  return html`<li>
    <p class="push-head">
      ${badgeOf(verdict, red?.stage)} <strong>${by.charAt(0).toUpperCase() + by.slice(1)}</strong> ${shortSha(sha)}
      <span class="muted">· ${when(at, now)}</span>
    </p>
    ${
      red !== null &&
      html`<p class="push-reason">
          ${red.reason}
          ${red.evidence !== null && html`<a href="/evidence/${encodeURIComponent(red.evidence)}">evidence</a>`}
        </p>
        ${
          red.log !== '' &&
          html`<details data-key="log-${sha}">
            <summary class="muted">What the log says, as the agent reads it</summary>
            <pre>${red.log}</pre>
          </details>`
        }`
    }
  </li>`;
}

function badgeOf(verdict: PushView['verdict'], stage: string | undefined): Html {
  if (verdict === 'red') return badge('bad', `${stage ?? 'deploy'} red`);
  return verdict === 'green' ? badge('good', 'green') : badge('busy', 'watched');
}
