/** The host's verbs over SSH, one connection an op. A lost answer is looked up by the op's id; no verb is ever sent twice from here. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BreakglassResult } from '../../config/breakglass-result.ts';
import { nothingDone, toldByHost, unclear } from '../../domain/breakglass/outcome.ts';
import { lost, reconcile, type Sighting } from '../../domain/breakglass/reconcile.ts';
import { type MeantVm, requestText, turnsPower, type Verb } from '../../domain/breakglass/verb.ts';
import { type Heard, heard } from './answer.ts';
import type { Deadlines } from './deadlines.ts';
import { exchange, type Target } from './exchange.ts';
import type { Asking, PowerHost, PowerOutcome, StatusAnswer, Waits, Watching } from './port.ts';

export interface SshPowerHostInput {
  readonly target: Target;
  readonly deadlines: Deadlines;
  /** Asked for by its id in every request, and looked for in every answer; null: whichever the key is for. */
  readonly vm?: MeantVm | null;
}

type Ask = (verb: Verb, op: string | null, onLine: (line: string) => void, waits?: Waits) => Promise<Heard>;

const unheard = (): void => undefined;

export function createSshPowerHost({ target, deadlines, vm = null }: SshPowerHostInput): PowerHost {
  const ask: Ask = async (verb, op, onLine, waits = {}) => {
    const limits = { ...deadlines, commandMs: deadlines.commandMs[verb] };
    return heard(await exchange(target, requestText(verb, op, { vm, ...waits }), limits, onLine), verb, op, vm);
  };
  return {
    runVerb: (verb, op, { onLine = unheard, ...waits }: Asking = {}) =>
      runVerb(
        { ask: (what, id, line) => ask(what, id, line, what === verb ? waits : {}), deadlines, onLine },
        verb,
        op,
      ),
    status: async (op, { onLine = unheard }: Watching = {}) => statusOf(await ask('status', op ?? null, onLine)),
  };
}

interface Calling {
  readonly ask: Ask;
  readonly deadlines: Deadlines;
  readonly onLine: (line: string) => void;
}

async function runVerb(calling: Calling, verb: Exclude<Verb, 'status'>, op: string): Promise<PowerOutcome> {
  const begunMs = performance.now();
  const answer = await calling.ask(verb, op, calling.onLine);
  switch (answer.kind) {
    case 'nothing-done':
      return nothingDone(answer.reason, answer.hint);
    case 'document': {
      const outcome = toldByHost(answer.document, false);
      if (outcome !== null) return outcome;
      calling.onLine('the op goes on longer than the host watches it; asking for its end');
      break;
    }
    case 'lost':
      // Another VM's host has nothing to say of this op, however often it is asked.
      if (answer.reason === 'other_vm') return unclear<BreakglassResult>(answer.reason, answer.why, null);
      if (!turnsPower(verb))
        return unclear<BreakglassResult>(answer.reason, `${answer.why}. It changes nothing: ask again`, null);
      calling.onLine(`${answer.why}; the op goes on without this client, asking what became of it`);
  }
  return lookUp(calling, verb, op, begunMs);
}

async function lookUp(
  { ask, deadlines, onLine }: Calling,
  verb: Verb,
  op: string,
  begunMs: number,
): Promise<PowerOutcome> {
  let state = lost<BreakglassResult>(verb, op, begunMs, performance.now());
  for (;;) {
    const sighting = sightingIn(await ask('status', op, unheard));
    if (sighting.kind === 'silent') onLine(`no word of the op yet: ${sighting.why}`);
    const step = reconcile(state, sighting, performance.now(), deadlines.reconcile);
    if (step.next === 'end') return step.outcome;
    state = step.state;
    await delay(step.afterMs);
  }
}

function sightingIn(answer: Heard): Sighting<BreakglassResult> {
  switch (answer.kind) {
    case 'document': {
      const { record, status, result } = answer.document;
      // Refused, as when too many ask at once: it says nothing about ops, nor about the script.
      if (result !== 'ok') return { kind: 'silent', why: refusal(answer.document).hint, final: false };
      if (record === undefined)
        return {
          kind: 'silent',
          why: 'the host says nothing about ops: its script is older than this client',
          final: true,
        };
      if (record === null) return { kind: 'absent', runningOp: status?.runningOp ?? null };
      return { kind: 'record', record };
    }
    case 'lost':
      return { kind: 'silent', why: answer.why, final: answer.reason === 'other_vm' };
    case 'nothing-done':
      return { kind: 'silent', why: answer.hint, final: answer.reason === 'host_key_mismatch' };
  }
}

function statusOf(answer: Heard): StatusAnswer {
  switch (answer.kind) {
    case 'document':
      return seenIn(answer.document);
    case 'lost':
      return { ok: false, reason: answer.reason, hint: `${answer.why}. A status changes nothing: ask again` };
    case 'nothing-done':
      return { ok: false, reason: answer.reason, hint: answer.hint };
  }
}

function seenIn(document: BreakglassResult): StatusAnswer {
  if (document.result !== 'ok') return refusal(document);
  const { status } = document;
  if (status !== undefined) return { ok: true, document: { ...document, status } };
  const hint = 'the host calls it ok and says nothing of the VM: is the script there another than this client knows?';
  return { ok: false, reason: 'answer_unreadable', hint };
}

function refusal({ result, reason, hint }: BreakglassResult): StatusAnswer & { ok: false } {
  const said = reason ?? result ?? 'no_result';
  return { ok: false, reason: said, hint: `the host refused to look: ${hint ?? said}` };
}
