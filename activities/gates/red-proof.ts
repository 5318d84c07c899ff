/**
 * Which red a verification stands on: a red deploy that it mends, lifted by a person, proven earlier on the very same test files, or proven now. Red
 * says that the tests fail for want of the change, and that stays said when main moves: after somebody landed first it is
 * not asked again, because they may have mended the same thing.
 */
import { z } from 'zod';
import { refusedWaiver, waivedBy } from '../../domain/waivers.ts';
import type { Store } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import { contractDigest } from './base-proof.ts';
import type { RecordedRed, Verification } from './verification.ts';
import { anyTestRule, checksFor, touchedPaths } from './paths.ts';
import type { GateResult } from './gate-result.ts';
import { runRed } from './red-gate.ts';
import { runSubject } from '../../domain/unit.ts';

export interface RedProofDeps {
  readonly git: Pick<RepoGit, 'readFile' | 'blobs'>;
  readonly store: Pick<Store, 'evidence'>;
}

export async function proveRed(deps: RedProofDeps, verification: Verification): Promise<GateResult> {
  if (verification.recordedRed !== null) return recordedRed(verification.recordedRed);
  const by = waivedBy(verification.waivers, 'no-red-gate');
  if (by !== null) return waived(by);
  const covers = await coveredBy(deps, verification);
  const red = (await keptRed(deps, verification, covers)) ?? (await runRed(verification, deps.git));
  const findings =
    red.findings.length === 0 ? [] : [...red.findings, ...refusedWaiver(verification.waivers, 'no-red-gate')];
  return { ...red, findings, body: { ...red.body, covers } };
}

/** Fix-forward: the deploy was seen red, which no test of the change could show better. */
function recordedRed({ evidence: recorded, summary }: RecordedRed): GateResult {
  return {
    findings: [],
    summary: `the recorded red stands for it: ${summary}`,
    body: { recorded },
    ids: new Map(),
    stop: false,
  };
}

function waived(by: string): GateResult {
  return {
    findings: [],
    notAsked: true,
    summary: `not asked whether tests fail without the change: waived by ${by} (label no-red-gate)`,
    body: { waived: by },
    ids: new Map(),
    stop: false,
  };
}

/** What decides a red besides the base: the change's test files, byte by byte, and how the contract runs them. */
const covered = z.object({
  contract: z.string(),
  tests: z.array(z.object({ path: z.string(), blob: z.string().nullable() })),
});
type Covered = z.infer<typeof covered>;

const evidence = z.object({
  base: z.string(),
  covers: covered,
  weak: z.boolean(),
  checks: z.array(z.object({ name: z.string(), kind: z.string(), red: z.array(z.string()) })),
  /** Where this red was kept itself: what it goes back to. */
  kept: z.object({ evidence: z.string(), base: z.string() }).optional(),
});

async function coveredBy({ git }: RedProofDeps, { head, files, contract }: Verification): Promise<Covered> {
  const paths = [...new Set(files.flatMap(touchedPaths).filter(anyTestRule(contract)))].toSorted();
  const blobs = await git.blobs(head, paths);
  return {
    contract: contractDigest(contract),
    tests: paths.map((path) => ({ path, blob: blobs.get(path) ?? null })),
  };
}

/** Null where no earlier red of this run covers exactly these test files, or where a check that it named is not due now. */
async function keptRed(
  { store }: RedProofDeps,
  verification: Verification,
  covers: Covered,
): Promise<GateResult | null> {
  if (covers.tests.length === 0) return null;
  const wanted = JSON.stringify(covers);
  const due = new Set(checksFor(verification.contract, verification.files).map((check) => check.name));
  const greens = (await store.evidence.list(runSubject(verification.run))).filter(
    (row) => row.kind === 'red' && row.verdict === 'green',
  );
  for (const row of greens.toReversed()) {
    const body = await store.evidence.body(row.id);
    const read = body === null ? null : evidence.safeParse(JSON.parse(new TextDecoder().decode(body)));
    if (read?.success !== true || JSON.stringify(read.data.covers) !== wanted) continue;
    const { base, weak, checks, kept = { evidence: row.id, base } } = read.data;
    const red = checks.filter((check) => check.red.length > 0);
    if (red.length === 0 || red.some((check) => !due.has(check.name))) continue;
    const count = red.reduce((sum, check) => sum + check.red.length, 0);
    return {
      findings: [],
      summary: `${count} new or changed tests failed on the base ${kept.base.slice(0, 10)}${weak ? ' (build-red: weak)' : ''}, and their files are the same still`,
      body: { tests: covers.tests.map(({ path }) => path), kept, weak, checks: red },
      ids: new Map(red.map((check) => [check.name, check.red])),
      stop: false,
    };
  }
  return null;
}
