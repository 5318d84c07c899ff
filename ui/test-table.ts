/** What each test did on the base and on the change, side by side. The page bounds nothing more: the view model has. */
import type { GateEvidence } from '../api/runs/gate-evidence.ts';
import type { TestColumn, TestGroup, TestRow, TestRows, TestStanding, TestTable } from '../api/runs/test-table.ts';
import { html, type Html } from './html.ts';
import { badge, type Tone } from './layout.ts';

const COLUMNS: readonly { readonly column: TestColumn; readonly name: string; readonly what: string }[] = [
  { column: 'base', name: 'base', what: 'The base as it was.' },
  { column: 'red', name: 'red', what: "The change's tests on the base: a new test must fail here." },
  { column: 'regression', name: 'regression', what: "The base's own tests on the change." },
  { column: 'green', name: 'green', what: 'The change with its own tests.' },
];

const GROUPS: readonly { readonly group: Exclude<TestGroup, 'same'>; readonly title: string }[] = [
  { group: 'wrong', title: 'Wrong on the change' },
  { group: 'proofs', title: 'Red without the change' },
  { group: 'other', title: 'Other differences' },
];

export function testTable({ table, evidence, findings }: GateEvidence, shown: string): Html {
  const { groups } = table;
  const differing = GROUPS.filter(({ group }) => groups[group].rows.length > 0);
  return html`${findings.length > 0 && findingsCard(findings)} ${columnsCard(table, evidence, shown)}
  ${
    differing.length === 0
      ? html`<p class="muted">Every test did the same wherever it ran.</p>`
      : differing.map(
          ({ group, title }) =>
            html`<section>
              <h2>${title} <span class="count">${sizeOf(groups[group])}</span></h2>
              ${rowsTable(groups[group], table)}
            </section>`,
        )
  }
  ${
    groups.same.rows.length > 0 &&
    html`<details class="card fold tests-same" data-key="same">
      <summary>The same wherever it ran <span class="count">${sizeOf(groups.same)}</span></summary>
      ${rowsTable(groups.same, table)}
    </details>`
  }
  ${outputs(table)}`;
}

function sizeOf({ rows, leftOut }: TestRows): number {
  return rows.length + leftOut;
}

function findingsCard(findings: readonly string[]): Html {
  return html`<section class="card bad verdict">
    <h2>What the agent was told</h2>
    <ul>
      ${findings.map((one) => html`<li class="finding">${one}</li>`)}
    </ul>
  </section>`;
}

function columnsCard({ counts, totals, isHollow }: TestTable, evidence: GateEvidence['evidence'], shown: string): Html {
  const { ids, fresh, proofs, wrong } = totals;
  return html`<p class="tests-totals">
      ${wrong > 0 && badge('bad', `${wrong} wrong on the change`)} ${badge('good', `${proofs} red without the change`)}
      ${badge('still', `${fresh} new`)} ${badge('still', `${ids} tests`)}
    </p>
    <dl class="tests-columns">
      ${COLUMNS.map(({ column, name, what }) => {
        const id = evidence[column];
        return html`<div class="card">
          <dt>
            ${
              id === null
                ? name
                : id === shown
                  ? html`<strong>${name}</strong>`
                  : html`<a href="/evidence/${encodeURIComponent(id)}">${name}</a>`
            }
          </dt>
          <dd>
            ${what}${column === 'red' && isHollow && ' Partly with empty functions in place of what the change adds.'}
          </dd>
          <dd>${countsOf(counts[column])}</dd>
          ${id !== null && html`<dd><a href="/api/evidence/${encodeURIComponent(id)}">JSON</a></dd>`}
        </div>`;
      })}
    </dl>`;
}

function countsOf(counts: TestTable['counts'][TestColumn]): Html {
  if (counts === null) return html`<span class="muted">not run</span>`;
  const { passed, failed, skipped } = counts;
  return html`${badge(passed > 0 ? 'good' : 'still', `${passed} passed`)}
  ${failed > 0 && badge('bad', `${failed} failed`)} ${skipped > 0 && badge('wait', `${skipped} skipped`)}`;
}

function rowsTable({ rows, leftOut }: TestRows, table: TestTable): Html {
  const checks = new Set(table.runs.map((one) => one.check));
  return html`<table class="tests">
      <thead>
        <tr>
          <th scope="col">Test</th>
          ${COLUMNS.map(({ name, what }) => html`<th scope="col" title="${what}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => testRow(row, checks.size > 1))}
      </tbody>
    </table>
    ${leftOut > 0 && html`<p class="muted">${leftOut} more are left out here; the JSON has them all.</p>`}`;
}

function testRow(row: TestRow, namesCheck: boolean): Html {
  return html`<tr ${row.isWrong && html` class="wrong"`}>
    <th scope="row">
      ${row.details.length === 0 ? html`<span class="test-id">${row.id}</span>` : detailsOf(row)}
      ${marks(row, namesCheck)}
    </th>
    ${COLUMNS.map(({ column, name }) => html`<td data-name="${name}">${cell(row.cells[column])}</td>`)}
  </tr>`;
}

function detailsOf({ id, details }: TestRow): Html {
  return html`<details>
    <summary><span class="test-id">${id}</span></summary>
    ${details.map(
      ({ column, text }) =>
        html`<p class="result-label">${column} says</p>
          <pre>${text}</pre>`,
    )}
  </details>`;
}

function marks({ check, isNew, isProof, isFlaky, excuse }: TestRow, namesCheck: boolean): Html | null {
  const words = [
    ...(isNew ? ['new'] : []),
    ...(isProof ? ['proves the change'] : []),
    ...(isFlaky ? ['flaky, not judged'] : []),
    ...(excuse === null ? [] : [`changed on purpose: ${excuse}`]),
    ...(namesCheck ? [`check ${check}`] : []),
  ];
  return words.length === 0 ? null : html`<span class="test-marks">${words.join(' · ')}</span>`;
}

function cell(standing: TestStanding): Html {
  if (standing === null) return html`<span class="muted">–</span>`;
  return badge(TONES[standing], standing);
}

const TONES: Readonly<Record<NonNullable<TestStanding>, Tone>> = {
  passed: 'good',
  failed: 'bad',
  skipped: 'wait',
  absent: 'still',
};

function outputs({ runs }: TestTable): Html | null {
  const told = runs.filter((one) => one.problem !== null || one.log !== '');
  if (told.length === 0) return null;
  return html`<section>
    <h2>What the runs printed</h2>
    ${told.map(
      ({ column, check, problem, log }) =>
        html`<details class="card fold" data-key="output/${column}/${check}">
          <summary>${column} <span class="count">check ${check}${problem !== null && ', not judged'}</span></summary>
          ${problem !== null && html`<p>${problem}</p>`} ${log !== '' && html`<pre>${log}</pre>`}
        </details>`,
    )}
  </section>`;
}
