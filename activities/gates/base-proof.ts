/** The base's own tests on the base: proven once for a sha and a contract, and what regression is judged against. */
import { createHash } from 'node:crypto';
import { disagreements, flakyIds, testIdText, type TestOutcome } from '../../domain/gates/outcome.ts';
import type { Check, Contract } from '../../domain/contract.ts';
import { NO_DOCKER } from '../../domain/docker.ts';
import type { Store } from '../../store/port.ts';
import type { CheckRun, UnjudgedWhy } from './check-run.ts';
import { strikeOutcomes } from './secrets.ts';
import type { TreeRun } from './tree-run.ts';
import { headOf } from '../../domain/text.ts';
import { runSubject } from '../../domain/unit.ts';

export interface BaseInput {
  readonly run: string;
  readonly base: string;
  readonly contract: Contract;
  readonly signal: AbortSignal;
  readonly heartbeat: () => void;
}

export interface CheckProof {
  readonly name: string;
  readonly outcomes: readonly TestOutcome[];
  /** Ids that had two outcomes on trusted code: listed, not judged. */
  readonly flaky: readonly string[];
  readonly log: string;
  readonly runs: number;
}

export type BaseVerdict =
  | { readonly verdict: 'green' }
  | { readonly verdict: 'red'; readonly reason: string }
  | { readonly verdict: 'broken'; readonly reason: string };

export interface BaseProof {
  readonly judged: BaseVerdict;
  readonly checks: readonly CheckProof[];
}

export interface BaseProofDeps {
  readonly repo: string;
  readonly store: Pick<Store, 'evidence' | 'control'>;
  readonly runOverTree: TreeRun;
  readonly now: () => number;
}

export function createBaseProof(deps: BaseProofDeps): (input: BaseInput) => Promise<BaseProof> {
  const { store, repo, now } = deps;

  /** The proof lies in evidence; the fact says where. */
  async function kept(fact: `base-proof/${string}`): Promise<BaseProof | null> {
    const id = await store.control.fact(fact);
    const body = id === null ? null : await store.evidence.body(id);
    // Written by this module under a key that carries the version of its shape.
    return body === null ? null : (JSON.parse(new TextDecoder().decode(body)) as BaseProof);
  }

  async function record({ run, base }: BaseInput, digest: string, proof: BaseProof): Promise<string> {
    const attempt = (await store.evidence.list(runSubject(run))).filter((one) => one.kind === 'base').length;
    const row = await store.evidence.put({
      key: `gate/${run}/base/${base}/${digest}/${attempt}`,
      unit: runSubject(run),
      kind: 'base',
      sha: base,
      verdict: proof.judged.verdict === 'broken' ? 'unknown' : proof.judged.verdict,
      summary: summaryOf(base, proof),
      mediaType: 'application/json',
      body: JSON.stringify(proof),
      at: now(),
    });
    return row.id;
  }

  return async function proveBase(input) {
    const digest = contractDigest(input.contract);
    const fact = `base-proof/2/${repo}/${input.base}/${digest}` as const;
    const before = await kept(fact);
    if (before !== null) {
      await record(input, digest, before);
      return before;
    }
    const proof = await proveNow(deps, input, `flaky/2/${repo}/${digest}`);
    const id = await record(input, digest, proof);
    // What could not be judged may be judged another time: a fixed machine is no new sha, and neither is a mended secret.
    const { verdict } = proof.judged;
    if (verdict === 'green' || (verdict === 'red' && input.contract.secrets.length === 0))
      await store.control.setFact(fact, id, now());
    return proof;
  };
}

async function proveNow(deps: BaseProofDeps, input: BaseInput, fact: `flaky/${string}`): Promise<BaseProof> {
  const known = await deps.store.control.fact(fact);
  const checks: CheckProof[] = [];
  let judged: BaseVerdict = { verdict: 'green' };
  for (const check of input.contract.checks) {
    const proven = await proveCheck(deps, input, check, known?.[check.name] ?? null);
    input.heartbeat();
    checks.push(proven.proof);
    if (proven.judged.verdict === 'green') continue;
    judged = proven.judged;
    break;
  }
  // Only a whole proof has looked at every check, so only it may spare the next one its second run.
  if (judged.verdict === 'green') {
    await deps.store.control.setFact(fact, Object.fromEntries(checks.map((one) => [one.name, one.flaky])), deps.now());
  }
  return { judged, checks };
}

interface ProvenCheck {
  readonly proof: CheckProof;
  readonly judged: BaseVerdict;
}

/** Twice the first time, and wherever the first run is not clean, because it may have met a flaky test. */
async function proveCheck(
  deps: BaseProofDeps,
  input: BaseInput,
  check: Check,
  known: readonly string[] | null,
): Promise<ProvenCheck> {
  const once = () => deps.runOverTree({ contract: input.contract, check, sha: input.base, signal: input.signal });
  const first = await once();
  if (first.kind === 'unjudged') return unjudged(check, first);
  let flaky = [...(known ?? [])];
  const clean = problemsOf(first, check, new Set(flaky)).length === 0;
  if (known !== null && clean) return proven(check, first, flaky, 1);
  const second = await once();
  if (second.kind === 'unjudged') return unjudged(check, second);
  flaky = [...new Set([...flaky, ...flakyIds([first.outcomes, second.outcomes])])].toSorted();
  return proven(check, second, flaky, 2);
}

type Reported = Extract<CheckRun, { kind: 'reported' }>;

async function proven(check: Check, run: Reported, flaky: readonly string[], runs: number): Promise<ProvenCheck> {
  const problems = problemsOf(run, check, new Set(flaky));
  const [first, ...others] = problems;
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  return {
    proof: { name: check.name, outcomes: await strikeOutcomes(run.outcomes), flaky, log: run.log, runs },
    judged:
      first === undefined
        ? { verdict: 'green' }
        : { verdict: 'red', reason: `check ${check.name}: ${first}${more}${explained(run)}` },
  };
}

function problemsOf(run: Reported, check: Check, flaky: ReadonlySet<string>): string[] {
  const failed = run.outcomes.filter((one) => one.outcome === 'failed' && !flaky.has(testIdText(one.id)));
  return [...failed.map((one) => `"${testIdText(one.id)}" fails`), ...disagreements(run, check.minimum)];
}

/** Broken needs a person at the contract or the machine; red needs main to move. */
const BROKEN: readonly UnjudgedWhy[] = ['not-found', 'no-report', 'unreadable', 'unserved'];

function unjudged(check: Check, run: Extract<CheckRun, { kind: 'unjudged' }>): ProvenCheck {
  return {
    proof: { name: check.name, outcomes: [], flaky: [], log: run.log, runs: 1 },
    judged: { verdict: BROKEN.includes(run.why) ? 'broken' : 'red', reason: `${run.reason}${explained(run)}` },
  };
}

function explained(run: CheckRun): string {
  const words = [...(run.wants === 'docker' ? [NO_DOCKER] : []), ...(run.hints ?? [])];
  return words.map((one) => `; ${one}`).join('');
}

function summaryOf(base: string, { judged, checks }: BaseProof): string {
  const passed = checks.flatMap((one) => one.outcomes).filter((one) => one.outcome === 'passed').length;
  const flaky = checks.reduce((sum, one) => sum + one.flaky.length, 0);
  const sha = base.slice(0, 10);
  if (judged.verdict === 'green')
    return `the base ${sha} is green: ${passed} tests pass${flaky > 0 ? `, ${flaky} are flaky and not judged` : ''}`;
  const how = judged.verdict === 'red' ? 'red' : 'not to be judged';
  return headOf(`the base ${sha} is ${how}: ${judged.reason}`, 500);
}

/** Of the whole contract: a key that decides nothing today may decide something tomorrow, and a proof too many costs minutes. */
export function contractDigest(contract: Contract): string {
  return createHash('sha256').update(JSON.stringify(contract)).digest('hex').slice(0, 32);
}
