import type { RunView, TranscriptView } from '../api/views/view.ts';
import { duration, money, shortSha, when } from './format.ts';
import { html, type Html } from './html.ts';
import { badge, layout, type Page, type Place } from './layout.ts';
import { evidenceTable } from './evidence.ts';
import { fixForwardCard } from './fix-forward.ts';
import { runTone, stageTrack } from './stages.ts';
import { verdictCard } from './standing.ts';
import { transcriptView } from './transcript.ts';

export interface RunPage {
  readonly view: RunView;
  readonly transcript: TranscriptView;
  /** Its reader's clock. */
  readonly now: number;
}

export function runPage(page: RunPage, { after, seen }: Place): string {
  const { run } = page.view;
  return layout({
    title: `${run.repoName}#${run.issue} ${run.title}`,
    live: { page: 'run', events: `/api/runs/${encodeURIComponent(run.id)}/events?changes&after=${after}&seen=${seen}` },
    ...runMain(page),
  });
}

export function runMain({ view, transcript, now }: RunPage): Pick<Page, 'killSwitch' | 'holds' | 'body'> {
  const { run } = view;
  return {
    killSwitch: view.killSwitch,
    holds: view.holds,
    body: html` <p class="crumbs"><a href="/">Runs</a> / ${run.repoName}#${run.issue}</p>
      <h1>${run.title}</h1>
      <p class="headline">${badge(runTone(run), run.outcome ?? run.stage)} <span>${standing(view, now)}</span></p>
      ${verdictCard(view, now)} ${track(view, now)}
      <section class="live-text" id="live-text" hidden>
        <h2>Speaking now</h2>
        <pre></pre>
      </section>
      <div class="columns">
        <section>
          ${fixForwardCard(view, now)}
          <h2>Gates and evidence</h2>
          ${evidenceTable(view.evidence, now)}
        </section>
        <aside>${factsCard(view)}${planCard(view)}${escalationsCard(view, now)}${actsCard(view, now)}</aside>
      </div>
      ${everyStep(view, now)} ${effectsCard(view)} ${transcriptView(transcript, now)}`,
  };
}

function standing({ run }: RunView, now: number): Html {
  if (run.endedAt !== null) return html`ended ${when(run.endedAt, now)} after ${duration(run.endedAt - run.createdAt)}`;
  return html`since ${when(run.updatedAt, now)}, begun ${when(run.createdAt, now)}`;
}

function track(view: RunView, now: number): Html {
  const marks = stageTrack(view, now);
  return html`<ol class="track" aria-label="Stages">
    ${marks.map(
      (mark) =>
        html`<li class="${mark.standing} ${mark.tone}" ${mark.standing === 'here' && html` aria-current="step"`}>
          <span class="dot" aria-hidden="true"></span><span class="stage">${mark.label}</span
          ><span class="spent"
            >${
              mark.standing === 'ahead' ? '–' : mark.stage === 'ended' ? 'end' : duration(mark.ms)
            }${mark.visits > 1 && ` · ${mark.visits}×`}</span
          >
        </li>`,
    )}
  </ol>`;
}

function factsCard({ run, spend, links }: RunView): Html {
  const { progress } = run.state;
  const temporal = links.temporal !== null && /^https?:\/\//.test(links.temporal) ? links.temporal : null;
  return html`<section class="card">
    <h2>Facts</h2>
    <dl class="facts">
      <dt>Run</dt>
      <dd><code>${run.id}</code></dd>
      <dt>Base</dt>
      <dd>${progress.base === null ? '–' : shortSha(progress.base)}</dd>
      <dt>On main</dt>
      <dd>${progress.pushed === null ? 'nothing of this run' : shortSha(progress.pushed)}</dd>
      ${
        run.sha !== null &&
        run.sha !== progress.pushed &&
        html`<dt>Head</dt>
          <dd>${shortSha(run.sha)}</dd>`
      }
      <dt>Spent</dt>
      <dd>
        ${money(spend.runMicroUsd)}
        <span class="muted">(issue ${money(spend.issueMicroUsd)} of ${money(spend.capMicroUsd)})</span>
      </dd>
      <dt>Turns</dt>
      <dd>${spend.turns} <span class="muted">of ${run.bounds.turns}</span></dd>
      <dt>Gates refused</dt>
      <dd>${progress.rounds} <span class="muted">of ${run.bounds.verifyRounds} rounds</span></dd>
      <dt>Fix-forwards</dt>
      <dd>${progress.fixes} <span class="muted">of ${run.bounds.fixAttempts}</span></dd>
    </dl>
    ${temporal !== null && html`<p><a href="${temporal}" rel="noreferrer">Timeline in Temporal Web</a></p>`}
  </section>`;
}

function planCard({ run }: RunView): Html | null {
  const { plan } = run;
  if (plan === null) return null;
  return html`<section class="card">
    <h2>Plan</h2>
    <ul>
      ${plan.acceptanceCriteria.map((one) => html`<li>${one}</li>`)}
    </ul>
    <p><strong>Tests:</strong> ${plan.testPlan}</p>
    ${plan.risks.length > 0 && html`<p><strong>Risks:</strong> ${plan.risks.join('; ')}</p>`}
  </section>`;
}

function escalationsCard({ escalations }: RunView, now: number): Html | null {
  const calls = escalations.filter((one) => one.severity === 'high');
  if (calls.length === 0) return null;
  return html`<section class="card">
    <h2>Called a person</h2>
    <ul class="acts">
      ${calls.map(
        (call) =>
          html`<li>
            <strong>${call.topic}</strong> <span class="muted">· ${when(call.at, now)}</span><br />${call.decision}
          </li>`,
      )}
    </ul>
  </section>`;
}

function actsCard({ acts }: RunView, now: number): Html | null {
  if (acts.length === 0) return null;
  return html`<section class="card">
    <h2>Acts</h2>
    <ul class="acts">
      ${acts.map(
        (act) =>
          html`<li>
            <strong>${act.by.name}</strong>
            ${act.by.kind !== 'person' && html`<span class="muted">(${act.by.kind})</span> `}${act.words}
            <span class="muted">· ${when(act.at, now)}</span
            ><br />${act.note}${act.takenAt === null && html`<br /><span class="muted">not taken up yet</span>`}
          </li>`,
      )}
    </ul>
  </section>`;
}

function everyStep({ transitions }: RunView, now: number): Html {
  return html`<details class="card fold" data-key="steps">
    <summary>Every step <span class="count">${transitions.length}</span></summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>#</th>
            <th>Stage</th>
            <th>Because</th>
            <th>When</th>
          </tr>
        </thead>
        <tbody>
          ${transitions.map(
            (one) =>
              html`<tr>
                <td>${one.seq}</td>
                <td>${one.stage}</td>
                <td>${one.cause}</td>
                <td>${when(one.at, now)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function effectsCard({ effects }: RunView): Html | null {
  if (effects.length === 0) return null;
  return html`<details class="card fold" data-key="effects">
    <summary>Effects on the outside <span class="count">${effects.length}</span></summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Effect</th>
            <th>Class</th>
            <th>Done</th>
            <th>Attempts</th>
          </tr>
        </thead>
        <tbody>
          ${effects.map(
            (one) =>
              html`<tr>
                <td title="${one.key}">${one.name}</td>
                <td>${one.class}</td>
                <td>${one.done ? 'yes' : 'not known yet'}${one.repeated && ' (repeated)'}</td>
                <td>${one.attempts}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
