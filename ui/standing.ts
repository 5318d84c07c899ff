/** The first thing to read on a run's page: how it ended, or why it stands still and what a person can do, as commands to copy. */
import type { RunView } from '../api/views/view.ts';
import { command } from './command.ts';
import { shortSha, when } from './format.ts';
import { html, type Html, type HtmlPart } from './html.ts';
import { runTone } from './stages.ts';

export function verdictCard(view: RunView, now: number): Html | null {
  const { run } = view;
  const { pause } = run.state.progress;
  if (run.state.stage === 'frozen') return frozenCard(view, run.state, now);
  if (pause !== null) return pausedCard(view, pause.since, now);
  if (view.approval !== null) return approvalCard(view, view.approval, now);
  if (run.reason === null) return null;
  return html`<section class="card ${runTone(run)} verdict"><p class="reason">${run.reason}</p></section>`;
}

type Frozen = Extract<RunView['run']['state'], { stage: 'frozen' }>;

function frozenCard(view: RunView, { sha, since, proving }: Frozen, now: number): Html {
  return html`<section class="card bad verdict">
    <h2>Frozen ${when(since, now)}</h2>
    <p class="reason">${view.run.reason}</p>
    <p>
      ${shortSha(sha)} is on main and nothing was reverted or cleaned up. The repo's lane is held until a person
      decides:
    </p>
    ${
      proving === null
        ? moves(view)
        : html`<p><strong>${proving.by}</strong> said it is resolved; the head of main is being proven now.</p>`
    }
  </section>`;
}

function pausedCard(view: RunView, since: number, now: number): Html {
  return html`<section class="card wait verdict">
    <h2>Paused in ${view.run.stage} ${when(since, now)}</h2>
    <p class="reason">${view.run.reason}</p>
    ${moves(view)}
  </section>`;
}

function approvalCard(view: RunView, { head, since, diff }: NonNullable<RunView['approval']>, now: number): Html {
  return html`<section class="card wait verdict">
    <h2>Waits for your approval, since ${when(since, now)}</h2>
    <p class="reason">Every gate has passed ${shortSha(head)}. Nothing of it is on main yet.</p>
    ${moves(view)}
    ${
      diff === null
        ? html`<p class="muted">Its diff was not kept.</p>`
        : html`<details class="diff" data-key="diff" open>
            <summary>What would be pushed</summary>
            ${diffLines(diff.text)}
            <p>
              <a href="/evidence/${encodeURIComponent(diff.evidence)}"
                >${diff.whole ? 'The diff as evidence' : 'Only its beginning is shown: the whole diff'}</a
              >
            </p>
          </details>`
    }
  </section>`;
}

function moves({ moves: rows }: RunView): Html {
  return html`<dl class="ways">
    ${rows.map(
      ({ name, what, command: line }) =>
        html`<dt>${name}</dt>
          <dd>${what} ${command(line)}</dd>`,
    )}
  </dl>`;
}

/** Added and removed lines keep their sign: colour never speaks alone. */
function diffLines(text: string): Html {
  const lines = text.split('\n').map((line) => coloured(line, `${line}\n`));
  return html`<pre class="blob">${lines}</pre>`;
}

function coloured(line: string, whole: string): HtmlPart {
  const tone = toneOf(line);
  return tone === null ? whole : html`<span class="${tone}">${whole}</span>`;
}

function toneOf(line: string): string | null {
  if (line.startsWith('diff --git ')) return 'diff-file';
  if (line.startsWith('+') && !line.startsWith('+++ ')) return 'diff-added';
  if (line.startsWith('-') && !line.startsWith('--- ')) return 'diff-removed';
  return null;
}
