/**
 * What the scripted model answers to a request. A pure function of scenarios and request, so that a turn which is sent
 * again gets the same answer; faults, which happen a number of times only, are the server's business.
 */
import { meets, unmet } from './expectation.ts';
import type { SeenRequest } from './request.ts';
import { listOf, type Call, type Fault, type Scenario, type Step, type Triage } from './scenario.ts';

export interface ReplyBlockText {
  readonly type: 'text';
  readonly text: string;
}
export interface ReplyBlockTool {
  readonly type: 'tool_use';
  readonly id: string;
  readonly name: string;
  /** As it goes over the wire; need not be JSON. */
  readonly json: string;
}
export type ReplyBlock = ReplyBlockText | ReplyBlockTool;

export interface Reply {
  readonly blocks: readonly ReplyBlock[];
  readonly stopReason: string;
  readonly usage: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead: number;
    readonly cacheWrite: number;
  };
}

export interface Answer {
  readonly scenario: string | null;
  /** From 0; null for triage and for requests without a step. */
  readonly step: number | null;
  readonly kind: 'triage' | 'step' | 'gave-up' | 'aside';
  readonly reason?: string;
  readonly faults: readonly Fault[];
  readonly delayMs: number;
  readonly paceMs: number;
  readonly reply: Reply;
}

export function answerTo(request: SeenRequest, scenarios: readonly Scenario[]): Answer {
  if (request.tools.length === 0) {
    return { ...PLAIN, scenario: null, step: null, kind: 'aside', reply: replyOf({ say: 'ok' }, request, 'aside') };
  }
  const matching = scenarios.filter((one) => listOf(one.match).every((part) => request.firstUserText.includes(part)));
  const [scenario, another] = matching;
  if (scenario === undefined) {
    return giveUp(
      request,
      null,
      null,
      `no scenario matches the first user message (there are: ${scenarios.map((one) => one.name).join(', ') || 'none'}). This is the scripted model: write a scenario whose match stands in the issue, or set ANTHROPIC_API_KEY for a real one`,
    );
  }
  if (another !== undefined) {
    return giveUp(request, null, null, `more than one scenario matches: ${matching.map((one) => one.name).join(', ')}`);
  }
  if (request.tools.includes('accept_issue')) return answerTriage(request, scenario);

  const { index, isAgain } = placeIn(request, scenario);
  const step = scenario.steps[index];
  if (step === undefined)
    return giveUp(
      request,
      scenario,
      index,
      `scenario ${scenario.name} has ${scenario.steps.length} steps, and step ${index + 1} was asked for`,
    );
  return answerStep(request, scenario, index, isAgain ? onceMore(step) : step, 'step');
}

/**
 * Which step a request is at, by what stands in it alone: each answer of the model has played the next one, or the same one again
 * where what came back was what that step wants to be played again for.
 */
function placeIn(
  { messages }: SeenRequest,
  { steps }: Scenario,
): { readonly index: number; readonly isAgain: boolean } {
  let index = 0;
  let isAgain = false;
  for (const [at, { role }] of messages.entries()) {
    if (role !== 'assistant') continue;
    const when = steps[index]?.again?.when;
    const back = messages.slice(at + 1).find((message) => message.role === 'user')?.text ?? '';
    isAgain = when !== undefined && meets(when, back);
    if (!isAgain) index += 1;
  }
  return { index, isAgain };
}

/** It looks first, and expects nothing: what it finds is not what was expected of the first time. */
function onceMore({ again, calls, say, expect: _expected, ...step }: Step): Step {
  const said = again?.say ?? say;
  return {
    ...step,
    ...(said === undefined ? {} : { say: said }),
    calls: [...(again?.calls ?? []), ...(calls ?? [])],
  };
}

const PLAIN = { faults: [], delayMs: 0, paceMs: 0 } as const;
const DEFAULT_PLAN = {
  acceptanceCriteria: ['the issue is done'],
  testPlan: 'A test for what the issue asks.',
  risks: [],
};

function answerTriage(request: SeenRequest, scenario: Scenario): Answer {
  const triage: Triage = scenario.triage ?? {};
  const { accept, reject, ...step } = triage;
  if (step.calls !== undefined || step.stop !== undefined) return answerStep(request, scenario, null, step, 'triage');
  const call: Call =
    reject === undefined
      ? { tool: { name: 'accept_issue', input: accept ?? DEFAULT_PLAN } }
      : { tool: { name: 'reject_issue', input: { reason: reject } } };
  return answerStep(request, scenario, null, { ...step, calls: [call] }, 'triage');
}

function answerStep(
  request: SeenRequest,
  scenario: Scenario,
  index: number | null,
  step: Step,
  kind: 'step' | 'triage',
): Answer {
  const wrong = step.expect === undefined ? null : unmet(step.expect, request);
  if (wrong !== null) return giveUp(request, scenario, index, `scenario ${scenario.name}, ${nameOf(index)}: ${wrong}`);
  const filled = fill(step, scenario, request);
  if (!filled.ok) return giveUp(request, scenario, index, `scenario ${scenario.name}, ${nameOf(index)}: ${filled.why}`);
  return {
    scenario: scenario.name,
    step: index,
    kind,
    faults: listOf(step.fault),
    delayMs: step.delayMs ?? 0,
    paceMs: step.paceMs ?? 0,
    reply: replyOf(filled.step, request, `${index ?? 'triage'}`),
  };
}

function nameOf(index: number | null): string {
  return index === null ? 'triage' : `step ${index + 1}`;
}

function giveUp(request: SeenRequest, scenario: Scenario | null, step: number | null, reason: string): Answer {
  const tool = ['give_up', 'reject_issue'].find((name) => request.tools.includes(name));
  const said: Step =
    tool === undefined ? { say: `I give up: ${reason}` } : { calls: [{ tool: { name: tool, input: { reason } } }] };
  return {
    ...PLAIN,
    scenario: scenario?.name ?? null,
    step,
    kind: 'gave-up',
    reason,
    reply: replyOf(said, request, `${step ?? 'none'}`),
  };
}

function fill(
  step: Step,
  scenario: Scenario,
  request: SeenRequest,
): { ok: true; step: Step } | { ok: false; why: string } {
  const found = new Map<string, string | null>();
  for (const pattern of scenario.capture ?? []) {
    const groups = new RegExp(pattern, 'm').exec(request.wholeText)?.groups;
    for (const [, name] of pattern.matchAll(/\(\?<([A-Za-z_]\w*)>/g)) {
      if (name !== undefined) found.set(name, groups?.[name] ?? null);
    }
  }
  const missing = new Set<string>();
  const replace = (text: string): string =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => {
      const value = found.get(name);
      if (value === null) missing.add(name);
      return value ?? whole;
    });
  const say = step.say === undefined ? {} : { say: replace(step.say) };
  const calls = step.calls === undefined ? {} : { calls: replaceIn(step.calls, replace) as Call[] };
  const filled: Step = { ...step, ...say, ...calls };
  return missing.size === 0
    ? { ok: true, step: filled }
    : { ok: false, why: `capture found nothing for ${[...missing].map((name) => `{{${name}}}`).join(', ')}` };
}

/** The same shape with each text replaced. */
function replaceIn(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((one) => replaceIn(one, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaceIn(one, replace)]));
}

function replyOf(step: Step, request: SeenRequest, name: string): Reply {
  const text: ReplyBlock[] = step.say === undefined ? [] : [{ type: 'text', text: step.say }];
  const calls = (step.calls ?? []).map((call, index) =>
    toolUse(call, `toolu_${name}_${request.messages.length}_${index}`),
  );
  const last = calls.at(-1);
  const cut =
    step.truncate === true && last !== undefined
      ? [...calls.slice(0, -1), { ...last, json: last.json.slice(0, last.json.length / 2) }]
      : calls;
  const blocks = [...text, ...cut];
  return {
    blocks,
    stopReason: step.stop ?? (step.truncate === true ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn'),
    usage: {
      input: step.usage?.input ?? Math.ceil((request.wholeText.length + request.tools.length * 400) / 4),
      output: step.usage?.output ?? Math.ceil(JSON.stringify(blocks).length / 4),
      cacheRead: step.usage?.cacheRead ?? 0,
      cacheWrite: step.usage?.cacheWrite ?? 0,
    },
  };
}

function toolUse(call: Call, id: string): ReplyBlockTool {
  const { name, json } = wired(call);
  return { type: 'tool_use', id, name, json };
}

function wired(call: Call): { readonly name: string; readonly json: string } {
  if ('raw' in call) return call.raw;
  if ('tool' in call) return { name: call.tool.name, json: JSON.stringify(call.tool.input) };
  if ('editor' in call) return { name: 'str_replace_based_edit_tool', json: JSON.stringify(call.editor) };
  if ('submit' in call) return { name: 'submit', json: JSON.stringify({ changedTests: call.submit }) };
  if ('give_up' in call) return { name: 'give_up', json: JSON.stringify({ reason: call.give_up }) };
  if ('note' in call) return { name: 'note', json: JSON.stringify({ text: call.note }) };
  return { name: 'bash', json: JSON.stringify(typeof call.bash === 'string' ? { command: call.bash } : call.bash) };
}
