/**
 * Gates are code (invariant 4): what they say comes from git, from the sandbox and from reports, never from a model. Order:
 * guard, red, regression, green. Each leaves evidence; a refusal is sentences for the agent.
 */
import type { SandboxEnvironment } from '../sandbox/environment.ts';
import { createHash } from 'node:crypto';
import type { Contract } from '../../domain/contract.ts';
import { NO_DOCKER } from '../../domain/docker.ts';
import { waiversText, type Waivers } from '../../domain/waivers.ts';
import type { Store } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import type { Sandbox, SandboxBind, SandboxLimits } from '../sandbox/port.ts';
import { createBaseProof, type BaseInput, type BaseVerdict } from './base-proof.ts';
import { CHECK_LIMITS } from './check-command.ts';
import { createCheckRun } from './check-run.ts';
import { runGuard, type GuardGit } from './guard-gate.ts';
import { runGreen } from './green-gate.ts';
import { runRegression } from './regression-gate.ts';
import type { GateResult } from './gate-result.ts';
import { proveRed } from './red-proof.ts';
import { strikeSecrets } from './secrets.ts';
import type { Verification, VerifyInput } from './verification.ts';
import { createTreeRun, type TreeRun } from './tree-run.ts';
import { headOf } from '../../domain/text.ts';
import { runSubject } from '../../domain/unit.ts';

export type Verified =
  | { readonly kind: 'proven' }
  /** Main itself is red without the change. */
  | { readonly kind: 'base-red'; readonly sha: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly findings: readonly string[] }
  /** No judgement is possible, and none of the agent's doing would change that. */
  | { readonly kind: 'broken'; readonly reason: string };

export interface Gates {
  /** All checks on the base, cached by (repo, sha, contract). An aborted signal throws. */
  proveBase(input: BaseInput): Promise<BaseVerdict>;
  verify(input: VerifyInput): Promise<Verified>;
}

export interface GatesDeps {
  /** The repo's key. */
  readonly repo: string;
  readonly git: Pick<RepoGit, 'checkOut' | 'overlay' | 'blobs'> & GuardGit;
  readonly sandbox: Sandbox;
  readonly store: Pick<Store, 'evidence' | 'control'>;
  readonly environment: { forContract(contract: Contract): SandboxEnvironment | Promise<SandboxEnvironment> };
  /** What git inside a checkout must see beside it, such as the objects it borrows. */
  readonly checkoutBinds: readonly SandboxBind[];
  /** Absolute; fresh folders are made here and removed. */
  readonly workDir: string;
  readonly limits?: Omit<SandboxLimits, 'wallMs'>;
  readonly now: () => number;
}

export function createGates(deps: GatesDeps): Gates {
  const runCheck = createCheckRun({ sandbox: deps.sandbox, limits: deps.limits ?? CHECK_LIMITS });
  const runOverTree = createTreeRun({ ...deps, runCheck });
  const proveBase = createBaseProof({ ...deps, runOverTree });

  async function unusable(contract: Contract): Promise<string | null> {
    const probe = await deps.sandbox.probe();
    if (!probe.ok) return `the sandbox cannot be used: ${probe.reason}. ${probe.remedy}`;
    try {
      await deps.environment.forContract(contract);
      return null;
    } catch (error) {
      // Such as a toolchain that nobody declared: a person must change the contract or the configuration, no retry would.
      return error instanceof Error ? error.message : String(error);
    }
  }

  async function judge(verification: Verification): Promise<readonly string[]> {
    const red = await record(deps, verification, 'red', await proveRed(deps, verification));
    if (red.stop) return red.findings;
    const regression = await record(deps, verification, 'regression', await runRegression(verification));
    if (regression.stop) return [...red.findings, ...regression.findings];
    const green = await record(deps, verification, 'green', await runGreen(verification, red.ids));
    return [...red.findings, ...regression.findings, ...green.findings];
  }

  return {
    async proveBase(input) {
      const reason = await unusable(input.contract);
      return reason === null ? (await proveBase(input)).judged : { verdict: 'broken', reason };
    },

    async verify(input) {
      const reason = await unusable(input.contract);
      if (reason !== null) return { kind: 'broken', reason };
      if (waiversText(input.waivers) !== '') await record(deps, input, 'waiver', standing(input.waivers));
      // Before anything of the change runs: a change that guard refuses is not even checked out.
      const { files, ...guard } = await runGuard(deps.git, input);
      const guarded = await record(deps, input, 'guard', guard);
      if (guarded.findings.length > 0) return refused(guarded.findings);
      const proof = await proveBase(input);
      if (proof.judged.verdict === 'red') return { kind: 'base-red', sha: input.base, reason: proof.judged.reason };
      if (proof.judged.verdict === 'broken')
        return {
          kind: 'broken',
          reason: `the base ${input.base.slice(0, 10)} cannot be judged: ${proof.judged.reason}`,
        };
      try {
        const told = telling(runOverTree);
        const findings = await judge({ ...input, files, proof, runOverTree: told.runOverTree });
        return findings.length === 0 ? { kind: 'proven' } : refused([...told.explanations, ...findings]);
      } catch (error) {
        if (error instanceof Unserved) return { kind: 'broken', reason: error.message };
        throw error;
      }
    },
  };
}

/** A service did not start: through all gates to `verify`, because it is no finding that an agent could mend. */
class Unserved extends Error {}

/** What runs say beside their reports: what explains a failure, and that no judgement is possible. */
function telling(runOverTree: TreeRun): { readonly runOverTree: TreeRun; readonly explanations: ReadonlySet<string> } {
  const explanations = new Set<string>();
  return {
    explanations,
    async runOverTree(input) {
      const run = await runOverTree(input);
      if (run.kind === 'unjudged' && run.why === 'unserved') throw new Unserved(run.reason);
      if (run.wants === 'docker') explanations.add(`Check ${input.check.name}: ${NO_DOCKER}.`);
      for (const hint of run.hints ?? []) explanations.add(`Check ${input.check.name}: ${hint}.`);
      return run;
    },
  };
}

function standing(waivers: Waivers): GateResult {
  return {
    findings: [],
    notAsked: true,
    summary: waiversText(waivers),
    body: { waivers },
    ids: new Map(),
    stop: false,
  };
}

const MAX_FINDINGS = 15;

function refused(all: readonly string[]): Verified {
  const findings = [...new Set(all)];
  const shown = findings.slice(0, MAX_FINDINGS);
  const rest = findings.length - shown.length;
  return {
    kind: 'refused',
    findings: rest > 0 ? [...shown, `There are ${rest} more findings of these kinds.`] : shown,
  };
}

/** The key is unique for what was judged and for the attempt, so that no earlier evidence is hidden or overwritten. */
async function record(
  deps: Pick<GatesDeps, 'store' | 'now'>,
  input: VerifyInput,
  kind: 'waiver' | 'guard' | 'red' | 'regression' | 'green',
  result: GateResult,
): Promise<GateResult> {
  const findings: string[] = [];
  for (const finding of result.findings) findings.push(await strikeSecrets(finding));
  const asked = createHash('sha256').update(JSON.stringify(input.changedTests)).digest('hex').slice(0, 12);
  const prefix = `gate/${input.run}/${input.head}/${input.base}/${kind}/${asked}/`;
  const attempt = (await deps.store.evidence.list(runSubject(input.run))).filter((one) =>
    one.key.startsWith(prefix),
  ).length;
  await deps.store.evidence.put({
    key: `${prefix}${attempt}`,
    unit: runSubject(input.run),
    kind,
    sha: input.head,
    verdict: result.notAsked === true ? null : findings.length === 0 ? 'green' : 'red',
    summary: await strikeSecrets(headOf(result.summary, 500)),
    mediaType: 'application/json',
    body: JSON.stringify({ gate: kind, base: input.base, head: input.head, findings, ...result.body }, null, 1),
    at: deps.now(),
  });
  input.heartbeat();
  return { ...result, findings };
}
