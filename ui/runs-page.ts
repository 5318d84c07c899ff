import type { RunSummary, StatusView } from '../api/views/view.ts';
import { command } from './command.ts';
import { when } from './format.ts';
import { html, type Html } from './html.ts';
import { killSwitchCard } from './kill-switch.ts';
import { badge, layout, type Page, type Place } from './layout.ts';
import { runTone } from './stages.ts';
import { topLinks } from './top-links.ts';

type Status = Pick<StatusView, 'now' | 'killSwitch' | 'holds' | 'parts' | 'queued' | 'allow' | 'repos' | 'links'>;

/** What it shows; `now` is its reader's clock. */
export interface RunsPage extends Status {
  readonly runs: readonly RunSummary[];
}

export function runsPage(view: RunsPage, { after, seen }: Place): string {
  const live = { page: 'runs', events: `/api/events?changes&after=${after}&seen=${seen}` } as const;
  return layout({ title: 'Runs', live, ...runsMain(view) });
}

export function runsMain({ runs, ...status }: RunsPage): Pick<Page, 'killSwitch' | 'holds' | 'body'> {
  const of = (group: RunSummary['group']): RunSummary[] => runs.filter((run) => run.group === group);
  const ill = status.parts.filter((part) => !part.ok);
  return {
    killSwitch: status.killSwitch,
    holds: status.holds,
    body: html` <h1>Runs</h1>
      <p class="muted">${facts(status)}</p>
      ${topLinks(status)}
      ${ill.map((part) => html`<p class="banner"><strong>${part.name}</strong>: ${part.detail}</p>`)}
      ${group('Needs you', of('needs-you'), status.now, 'Nothing waits for you.')}
      ${group('Running', of('running'), status.now, runs.length === 0 ? null : 'Nothing is running.')}
      ${runs.length === 0 ? welcome(status.links.commandPlace) : group('Done', of('done'), status.now, 'Nothing has ended yet.')}
      ${killSwitchCard(status)}`,
  };
}

function facts({ queued, allow, repos }: Status): string {
  const waiting =
    queued === 0
      ? 'nothing waits in the lanes'
      : `${queued} ${queued === 1 ? 'issue waits' : 'issues wait'} in the lanes`;
  const armed =
    allow.length === 0 ? 'no repo may be dispatched (the allowlist is empty)' : `dispatching ${allow.join(', ')}`;
  return `${repos.length} ${repos.length === 1 ? 'repo' : 'repos'} enrolled, ${armed}; ${waiting}.`;
}

function group(title: string, runs: readonly RunSummary[], now: number, none: string | null): Html | null {
  if (runs.length === 0)
    return none === null
      ? null
      : html`<section>
          <h2>${title}</h2>
          <p class="muted">${none}</p>
        </section>`;
  return html`<section>
    <h2>${title} <span class="count">${runs.length}</span></h2>
    <ul class="runs">
      ${runs.map((run) => row(run, now))}
    </ul>
  </section>`;
}

function row(run: RunSummary, now: number): Html {
  return html`<li>
    <a class="card run ${runTone(run)}" href="/runs/${encodeURIComponent(run.id)}">
      <span class="run-title">${run.title}</span>
      <span class="run-badge">${badge(runTone(run), run.outcome ?? run.stage)}</span>
      <span class="run-meta">${run.repoName}#${run.issue} · ${when(run.endedAt ?? run.updatedAt, now)}</span>
      ${run.reason !== null && run.outcome !== 'shipped' && html`<span class="run-reason">${run.reason.slice(0, 300)}</span>`}
    </a>
  </li>`;
}

function welcome(place: string): Html {
  return html`<section class="card">
    <h2>No run yet</h2>
    <p>Label an issue <code>ready-for-agent</code>, or add one:</p>
    ${command(`lamplighter issue add --title "…" --body "…" --label ready-for-agent${place}`)}
  </section>`;
}
