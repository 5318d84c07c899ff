/** One model call with a forced choice: the issue becomes a plan, or the words in which a person must settle it. */
import { z } from 'zod';
import type { Issue } from '../../domain/issue.ts';
import type { TriagePlan } from '../../domain/run.ts';
import type { RunRow, Store, TurnRow } from '../../store/port.ts';
import type { CalledAway, ControlActivities } from '../../workflows/ports.ts';
import { aside } from '../pace/aside.ts';
import { toolUses } from '../agent/conversation.ts';
import { callModel, type ModelCallDeps } from '../agent/model-call.ts';
import type { ToolDefinition, ToolUse } from '../model/port.ts';
import { issueText, triagePrompt } from './prompt.ts';
import { unitOfRun } from './run-work.ts';
import { headOf } from '../../domain/text.ts';
import { runSubject } from '../../domain/unit.ts';

export type Triaged = Exclude<Awaited<ReturnType<ControlActivities['triage']>>, CalledAway>;
type Decided = Exclude<Triaged, { kind: 'accepted' }> | { readonly kind: 'accepted'; readonly plan: TriagePlan };

/** A model that can't fill in a form in so many attempts won't write the change either. */
const ATTEMPTS = 3;
const REASON_CHARACTERS = 600;

const plan = z.object({
  acceptanceCriteria: z.array(z.string().min(1).max(500)).min(1).max(20),
  testPlan: z.string().min(1).max(4000),
  risks: z.array(z.string().max(500)).max(20).default([]),
});
const rejection = z.object({ reason: z.string().min(1).max(4000) });

const TOOLS: readonly ToolDefinition[] = [
  { name: 'accept_issue', description: 'The issue can be built. Gives the plan.', inputSchema: schemaOf(plan) },
  {
    name: 'reject_issue',
    description: 'The issue cannot be built as it is written. Says what a person must settle.',
    inputSchema: schemaOf(rejection),
  },
];

export interface TriageDeps extends ModelCallDeps {
  readonly issueOf: (run: RunRow) => Promise<Issue>;
}

export async function triageRun(deps: TriageDeps, run: RunRow, signal: AbortSignal): Promise<Triaged> {
  const { store, now } = deps;
  const unit = unitOfRun(run);
  const id = `${run.id}/triage`;
  await store.sessions.open({ id, unit: unit.subject, system: await triagePrompt(run), at: now() });
  await store.sessions.addInput(id, 'opening/1', issueText(await deps.issueOf(run)), now());
  const session = await store.sessions.get(id);
  if (session === null) throw new Error(`session ${id} is not in the store, where it was just written`);

  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const transcript = await deps.transcripts.read(id);
    // A turn that was committed before a crash is read, not asked for again.
    let row = transcript.turns[attempt - 1];
    if (row === undefined) {
      const outcome = await callModel(deps, {
        unit,
        session,
        transcript,
        tools: TOOLS,
        toolChoice: 'any',
        signal,
      });
      // Nobody interrupts a triage: its call is given no such stop.
      if (outcome.kind === 'interrupted') throw new Error(`the triage of run ${run.id} was interrupted`);
      if (outcome.kind !== 'committed') return outcome;
      row = outcome.row;
    }
    const decided = await decide(deps.store, row, now());
    if (decided !== null) {
      await aside(deps, { run: run.id, what: 'the evidence of its triage' }, () =>
        keepEvidence(store, run, decided, now()),
      );
      if (decided.kind !== 'accepted') return decided;
      await store.runs.setPlan(run.id, decided.plan);
      return { kind: 'accepted' };
    }
  }
  return { kind: 'failed', reason: `triage gave no decision in ${ATTEMPTS} replies` };
}

/** Null after an unusable reply, with the words about it in the transcript. */
async function decide(store: Store, row: TurnRow, at: number): Promise<Decided | null> {
  if (row.stopReason === 'refusal') return { kind: 'failed', reason: 'the model refused to read this issue' };
  const calls = toolUses(row);
  const cut = row.stopReason === 'max_tokens';
  const read = calls.map((call) => ({
    call,
    ...(cut ? { wrong: 'your reply was cut at its token limit: be shorter' } : readCall(call)),
  }));
  const decision = read.find((one) => 'decision' in one);
  for (const one of read) {
    const wrong = 'wrong' in one ? one.wrong : null;
    await store.sessions.putResult({
      session: row.session,
      turn: row.turn,
      toolUseId: one.call.id,
      isError: wrong !== null,
      at,
      content: wrong ?? (one === decision ? 'taken: triage is over' : 'not read: another call decided'),
    });
  }
  if (decision !== undefined && 'decision' in decision) return decision.decision;
  await store.sessions.addInput(
    row.session,
    `nudge/${row.turn}`,
    'Call accept_issue or reject_issue, once, with a whole input.',
    at,
  );
  return null;
}

function readCall({ name, input }: ToolUse): { decision: Decided } | { wrong: string } {
  if (name === 'accept_issue') {
    const parsed = plan.safeParse(input);
    return parsed.success
      ? { decision: { kind: 'accepted', plan: parsed.data } }
      : { wrong: z.prettifyError(parsed.error) };
  }
  if (name === 'reject_issue') {
    const parsed = rejection.safeParse(input);
    return parsed.success
      ? { decision: { kind: 'rejected', reason: headOf(parsed.data.reason, REASON_CHARACTERS) } }
      : { wrong: z.prettifyError(parsed.error) };
  }
  return { wrong: `there is no tool ${name}: there are accept_issue and reject_issue` };
}

async function keepEvidence(store: Store, run: RunRow, decided: Decided, at: number): Promise<void> {
  await store.evidence.put({
    key: `triage/${run.id}`,
    unit: runSubject(run.id),
    kind: 'triage',
    sha: null,
    verdict: null,
    summary: summaryOf(decided),
    mediaType: 'application/json',
    body: JSON.stringify(decided),
    at,
  });
}

function summaryOf(decided: Decided): string {
  switch (decided.kind) {
    case 'accepted':
      return `accepted: ${countOf(decided.plan)}`;
    case 'exhausted':
      return `not triaged: ${decided.bound} used up`;
    default:
      return `${decided.kind}: ${headOf(decided.reason, 200)}`;
  }
}

function countOf({ acceptanceCriteria, risks }: TriagePlan): string {
  return `${acceptanceCriteria.length} acceptance criteria, ${risks.length} risks`;
}

function schemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>;
}
