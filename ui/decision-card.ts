/** What a run that is not frozen waits for a person to say, and with which commands. */
import type { RunView } from '../api/view.ts';
import { shortSha, when } from './format.ts';
import { html, type Html } from './html.ts';

export function decisionCard({ run, evidence, links }: RunView, now: number): Html | null {
  const { state } = run;
  const command = (rest: string): string => `lamplighter ${rest} --note "why"${links.commandPlace}`;
  const { pause } = state.progress;
  if (pause !== null) {
    return html`<section class="card wait verdict">
      <h2>Paused by ${pause.by}, ${when(pause.since, now)}</h2>
      <p>It goes on where it stands when a person resumes it.</p>
      <pre>${command(`resume ${run.id}`)}</pre>
    </section>`;
  }
  if (state.stage !== 'awaiting-approval') return null;
  const diff = evidence.findLast((one) => one.kind === 'diff' && one.sha === state.head);
  return html`<section class="card wait verdict">
    <h2>Waits for approval since ${when(state.since, now)}</h2>
    <p>
      Every gate passed on ${shortSha(state.head)}. Look at
      ${diff === undefined ? 'its evidence' : html`<a href="/evidence/${encodeURIComponent(diff.id)}">its diff</a>`} and
      the gates below; an approval is of this very sha.
    </p>
    <pre>${command(`approve ${run.id} --sha ${state.head}`)}</pre>
    <p>A rejection goes back to the agent, with your reason:</p>
    <pre>${command(`reject ${run.id}`)}</pre>
  </section>`;
}
