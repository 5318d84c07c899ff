/** What is known of a red deploy, for the session that is to mend it: the failing log trimmed, and what each stage said of each sha. */
import { trimLog } from '../../domain/log-trim.ts';
import { DEPLOY_STAGES } from '../../domain/verdict.ts';
import type { Red } from '../../domain/stage.ts';
import type { EvidenceIndex, EvidenceRow } from '../../store/port.ts';
import { logOf } from '../deploy/output.ts';
import { asData } from '../agent/plain-text.ts';
import { runSubject } from '../../domain/unit.ts';

const SHOWN_VERDICTS = 20;

export async function redFacts(evidence: EvidenceIndex, run: string, red: Red): Promise<readonly string[]> {
  const rows = (await evidence.list(runSubject(run))).filter((row) => isDeploy(row) && row.verdict !== null);
  const failing = rows.findLast((row) => row.kind === red.stage && row.sha === red.sha && row.verdict === 'red');
  const log = failing === undefined ? '' : trimLog(logOf(await evidence.body(failing.id)));
  const history = rows
    .slice(-SHOWN_VERDICTS)
    .map((row) => `${row.kind} of ${(row.sha ?? '').slice(0, 10)}: ${row.verdict ?? ''}: ${row.summary}`);
  return [
    ...(log === '' ? [] : ['What it printed, without what is of no matter:', asData('log', log)]),
    ...(history.length < 2 ? [] : ['Every verdict so far, oldest first:', asData('verdicts', history.join('\n'))]),
  ];
}

function isDeploy(row: EvidenceRow): boolean {
  return DEPLOY_STAGES.some((stage) => stage === row.kind);
}
