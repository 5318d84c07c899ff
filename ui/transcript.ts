/** What was said and done in a run's sessions. All of it is data from a model, a repo or a sandbox: shown, never interpreted. */
import type { SessionView, TranscriptView } from '../api/views/view.ts';
import { clip, money, when } from './format.ts';
import { html, type Html } from './html.ts';
import { badge } from './layout.ts';

const SHOWN = 12_000;

export function transcriptView({ sessions }: TranscriptView, now: number): Html {
  if (sessions.length === 0)
    return html`<section>
      <h2>Transcript</h2>
      <p class="muted">No session yet.</p>
    </section>`;
  return html`<section class="transcript">
    <h2>Transcript</h2>
    ${sessions.map((session, index) => sessionView(session, index, now))}
  </section>`;
}

function sessionView(session: SessionView, index: number, now: number): Html {
  const results = new Map(session.results.map((result) => [`${result.turn}/${result.toolUseId}`, result]));
  const last = session.turns.at(-1)?.turn ?? 0;
  const inputsBefore = (turn: number): Html[] =>
    session.inputs.filter((input) => input.beforeTurn === turn).map((input) => inputView(session.id, input));
  return html`<h3>
      Session ${index + 1} <span class="muted">${session.turns.length} turns, ${when(session.at, now)}</span>
    </h3>
    ${session.turns.map(
      (turn) =>
        html`${inputsBefore(turn.turn)}
          <article class="turn" id="${session.id}/${turn.turn}">
            <p class="turn-meta">
              turn ${turn.turn} · ${turn.model} · ${money(turn.microUsd)} ·
              ${when(turn.at, now)}${turn.stopReason !== 'tool_use' && turn.stopReason !== 'end_turn' && html` · ${badge('wait', turn.stopReason)}`}
            </p>
            ${turn.content.map((block, at) => blockView(block, `${session.id}/${turn.turn}/${at}`, (id) => results.get(`${turn.turn}/${id}`) ?? null))}
          </article>`,
    )}
    ${session.inputs.filter((input) => input.beforeTurn > last).map((input) => inputView(session.id, input))}`;
}

function inputView(session: string, input: SessionView['inputs'][number]): Html {
  return html`<details class="input" data-key="${session}/${input.key}">
    <summary>Told: ${firstLine(input.text)}</summary>
    <pre>${clip(input.text, SHOWN)}</pre>
  </details>`;
}

type Result = SessionView['results'][number];

function blockView(block: unknown, key: string, resultOf: (id: string) => Result | null): Html {
  if (isRecord(block) && block['type'] === 'text' && typeof block['text'] === 'string') {
    return html`<p class="said">${block['text']}</p>`;
  }
  if (isRecord(block) && block['type'] === 'thinking' && typeof block['thinking'] === 'string') {
    return html`<details class="thought" data-key="${key}">
      <summary>Thought</summary>
      <pre>${clip(block['thinking'], SHOWN)}</pre>
    </details>`;
  }
  if (
    isRecord(block) &&
    block['type'] === 'tool_use' &&
    typeof block['name'] === 'string' &&
    typeof block['id'] === 'string'
  ) {
    return toolView(block['name'], block['input'], key, resultOf(block['id']));
  }
  return html`<details class="thought" data-key="${key}">
    <summary>Another kind of block</summary>
    <pre>${clip(pretty(block), SHOWN)}</pre>
  </details>`;
}

function toolView(name: string, input: unknown, key: string, result: Result | null): Html {
  const mark = result === null ? badge('busy', 'no result yet') : result.isError ? badge('bad', 'error') : null;
  return html`<details class="tool" data-key="${key}">
    <summary><code class="tool-name">${name}</code> <span class="tool-gist">${gistOf(input)}</span> ${mark}</summary>
    <pre>${clip(inputText(input), SHOWN)}</pre>
    ${
      result !== null &&
      html`<p class="result-label">${result.isError ? 'Result (error)' : 'Result'}</p>
        <pre>${result.content === '' ? '(nothing)' : clip(result.content, SHOWN)}</pre>`
    }
  </details>`;
}

/** The one line of a call that says what it is about. */
function gistOf(input: unknown): string {
  if (!isRecord(input)) return '';
  const path = typeof input['path'] === 'string' ? input['path'] : '';
  const told = ['command', 'reason', 'text', 'note']
    .map((field) => input[field])
    .find((value) => typeof value === 'string');
  return firstLine([told ?? '', path].filter((part) => part !== '').join(' '));
}

function inputText(input: unknown): string {
  if (isRecord(input) && typeof input['command'] === 'string' && Object.keys(input).length === 1)
    return input['command'];
  return pretty(input);
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? 'nothing';
}

function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0] ?? '';
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
