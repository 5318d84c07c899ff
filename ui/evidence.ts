import type { GateEvidence } from '../api/runs/gate-evidence.ts';
import type { RunView } from '../api/views/view.ts';
import { bytes, shortSha, when } from './format.ts';
import { html, type Html } from './html.ts';
import { badge, layout, type Tone } from './layout.ts';
import { testTable } from './test-table.ts';

type Evidence = RunView['evidence'][number];

export function evidenceTable(evidence: readonly Evidence[], now: number): Html {
  if (evidence.length === 0) return html`<p class="muted">Nothing yet.</p>`;
  return html`<ul class="evidence">
    ${evidence.map(
      (one) =>
        html`<li class="card">
          <span class="evidence-kind"><a href="/evidence/${encodeURIComponent(one.id)}">${nameOf(one.kind)}</a></span>
          <span class="evidence-verdict"
            >${one.verdict === null ? badge('still', 'noted') : badge(toneOf(one.verdict), one.verdict)}</span
          >
          <span class="evidence-summary">${one.summary}</span>
          <span class="evidence-meta"
            >${one.sha !== null && shortSha(one.sha)} ${bytes(one.bytes)} · ${when(one.at, now)}</span
          >
        </li>`,
    )}
  </ul>`;
}

const GATES: readonly Evidence['kind'][] = ['guard', 'red', 'regression', 'green'];

/** A gate called red whose verdict is green would puzzle anyone. */
function nameOf(kind: Evidence['kind']): string {
  return GATES.includes(kind) ? `${kind} gate` : kind.replace('-', ' ');
}

function toneOf(verdict: NonNullable<Evidence['verdict']>): Tone {
  switch (verdict) {
    case 'green':
      return 'good';
    case 'red':
      return 'bad';
    case 'pending':
      return 'busy';
    case 'unknown':
      return 'wait';
  }
}

export interface EvidencePage {
  readonly evidence: Evidence;
  /** Null: not text; it can be saved. */
  readonly text: string | null;
  /** Of the whole text, when `text` is only its beginning. */
  readonly clippedFrom: number | null;
  /** Of a gate that ran tests: shown instead of the text. */
  readonly gate: GateEvidence | null;
  readonly now: number;
}

export function evidencePage({ evidence, text, clippedFrom, gate, now }: EvidencePage): string {
  const raw = `/api/evidence/${encodeURIComponent(evidence.id)}`;
  return layout({
    title: `${evidence.kind} evidence`,
    body: html` <p class="crumbs">
        <a href="/">Runs</a> / <a href="/runs/${encodeURIComponent(evidence.run)}">${evidence.run}</a> /
        ${evidence.kind}
      </p>
      <h1>
        ${nameOf(evidence.kind)} ${evidence.verdict !== null && badge(toneOf(evidence.verdict), evidence.verdict)}
      </h1>
      <p>${evidence.summary}</p>
      <p class="muted">
        ${evidence.sha !== null && html`${shortSha(evidence.sha)} · `}${bytes(evidence.bytes)} ·
        ${when(evidence.at, now)} · sha256 <code class="digest">${evidence.digest}</code>
      </p>
      ${gate === null ? plainBody({ evidence, text, clippedFrom, raw }) : testTable(gate, evidence.id)}
      ${text !== null && html`<p><a href="${raw}">As it was stored</a></p>`}`,
  });
}

function plainBody({
  evidence,
  text,
  clippedFrom,
  raw,
}: Pick<EvidencePage, 'evidence' | 'text' | 'clippedFrom'> & { readonly raw: string }): Html {
  if (text === null) return html`<p><a href="${raw}">Save it</a> (${evidence.mediaType})</p>`;
  return html`${clippedFrom !== null && html`<p class="banner">Only the beginning of ${bytes(clippedFrom)} is shown: <a href="${raw}">the whole</a>.</p>`}
    <pre class="blob">${text}</pre>`;
}
