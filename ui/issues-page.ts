/** Open issues of every repo, those that are asked for first: what becomes of each, or why nothing does and what to do. */
import type { IssueView } from '../api/views/view.ts';
import { html, type Html } from './html.ts';
import { badge, layout } from './layout.ts';

export interface IssuesPage {
  readonly issues: readonly IssueView[];
  /** What a tracker could not read, in words. */
  readonly unreadable: readonly string[];
}

export function issuesPage({ issues, unreadable }: IssuesPage): string {
  const asked = issues.filter((issue) => issue.pickUp.asked || issue.pickUp.run !== null);
  const others = issues.filter((issue) => !asked.includes(issue));
  return layout({
    title: 'Issues',
    body: html`<p class="crumbs"><a href="/">Runs</a> / Issues</p>
      <h1>Open issues</h1>
      ${unreadable.map((what) => html`<p class="banner">${what}</p>`)}
      ${group('Released', asked, 'No open issue is labelled ready-for-agent.')}
      ${group('Not released', others, 'Every open issue is released.')}`,
  });
}

function group(title: string, issues: readonly IssueView[], none: string): Html {
  return html`<section>
    <h2>${title} <span class="count">${issues.length}</span></h2>
    ${
      issues.length === 0
        ? html`<p class="muted">${none}</p>`
        : html`<ul class="evidence">
            ${issues.map(item)}
          </ul>`
    }
  </section>`;
}

function item(issue: IssueView): Html {
  const { run, asked, refusals } = issue.pickUp;
  return html`<li class="card">
    <span class="evidence-kind">${issue.title}</span>
    <span class="evidence-verdict">${standing(issue)}</span>
    <span class="evidence-meta">${issue.repoName}#${issue.number} · ${issue.labels.join(', ') || 'no label'}</span>
    ${run !== null && html`<span class="evidence-summary"><a href="/runs/${encodeURIComponent(run)}">Its run</a></span>`}
    ${
      run === null &&
      asked &&
      refusals.map(
        (one) => html`<span class="evidence-summary">${one.text} <span class="muted">→ ${one.remedy}</span></span>`,
      )
    }
  </li>`;
}

function standing({ pickUp: { run, asked, refusals } }: IssueView): Html {
  if (run !== null) return badge('busy', 'in a run');
  if (!asked) return badge('still', 'not released');
  return refusals.length === 0 ? badge('good', 'next') : badge('wait', 'held');
}
