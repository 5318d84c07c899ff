/** The evidence that belongs to one gate's: what the other gates of the same verification saw, and the proof of its base. */
import type { EvidenceRow, Store } from '../../store/port.ts';
import { foldTests, TEST_COLUMNS, type TestColumn, type TestTable } from './test-table.ts';

export interface GateEvidence {
  readonly table: TestTable;
  /** Ids of the evidence that the columns come from. */
  readonly evidence: Readonly<Record<TestColumn, string | null>>;
  /** What the gate told the agent. */
  readonly findings: readonly string[];
}

/** Reading more would hold up the api; the page says so, and the JSON can be had as it is. */
const MOST_BYTES = 8 * 1024 * 1024;

const GATES: readonly EvidenceRow['kind'][] = ['red', 'regression', 'green'];

/** Null for other evidence, and for what is too large or of another shape: that is shown as it is. */
export async function readGateEvidence(
  store: Pick<Store['evidence'], 'list' | 'body'>,
  evidence: EvidenceRow,
): Promise<GateEvidence | null> {
  if (!GATES.includes(evidence.kind) || evidence.mediaType !== 'application/json') return null;
  const rows = verificationOf(await store.list(evidence.unit), evidence);
  if (Object.values(rows).some((row) => row !== null && row.bytes > MOST_BYTES)) return null;
  const read = async (column: TestColumn): Promise<unknown> => {
    const row = rows[column];
    const body = row === null ? null : await store.body(row.id);
    return body === null ? null : parseJson(new TextDecoder().decode(body));
  };
  const [base, red, regression, green] = await Promise.all(TEST_COLUMNS.map(read));
  const table = foldTests({ base, red, regression, green });
  if (table === null) return null;
  const own = { red, regression, green, base }[evidence.kind as TestColumn];
  const { base: baseRow, red: redRow, regression: regressionRow, green: greenRow } = rows;
  return {
    table,
    evidence: {
      base: baseRow?.id ?? null,
      red: redRow?.id ?? null,
      regression: regressionRow?.id ?? null,
      green: greenRow?.id ?? null,
    },
    findings: findingsOf(own),
  };
}

/** A verification begins with its guard. The proof of the base is the newest before the gate: it may have been made in prepare. */
function verificationOf(
  all: readonly EvidenceRow[],
  evidence: EvidenceRow,
): Readonly<Record<TestColumn, EvidenceRow | null>> {
  const at = all.findIndex((one) => one.id === evidence.id);
  const begin = all.findLastIndex((one, index) => index <= at && one.kind === 'guard');
  const next = all.findIndex((one, index) => index > at && one.kind === 'guard');
  const own = all.slice(Math.max(0, begin), next === -1 ? all.length : next);
  const of = (kind: EvidenceRow['kind']): EvidenceRow | null =>
    evidence.kind === kind ? evidence : (own.findLast((one) => one.kind === kind && one.sha === evidence.sha) ?? null);
  return {
    base: all.findLast((one, index) => index <= at && one.kind === 'base' && one.verdict === 'green') ?? null,
    red: of('red'),
    regression: of('regression'),
    green: of('green'),
  };
}

function findingsOf(body: unknown): string[] {
  const given = typeof body === 'object' && body !== null && 'findings' in body ? body.findings : [];
  return Array.isArray(given) ? given.filter((one) => typeof one === 'string') : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
