/** Outcomes and statuses in plain words. What the host said is cleaned before it meets a terminal. */
import type { PowerOutcome, StatusAnswer } from '../../activities/breakglass/port.ts';
import type { BreakglassResult } from '../../config/breakglass-result.ts';
import { paint, plain } from '../terminal/output.ts';

const COLOURS = { ok: 'green', failed: 'red', unknown: 'yellow' } as const;

export function outcomeWords(verb: string, op: string, outcome: PowerOutcome): string {
  const { result, reason, hint, record } = outcome;
  const lines = [
    `${paint(COLOURS[result], `${verb}: ${result}`)}${reason === null ? '' : ` (${plain(reason)})`}`,
    `  ${touchedWords(outcome)}`,
    ...(record === null ? [] : recordWords(record)),
    ...(hint === null ? [] : [`  → ${plain(hint)}`]),
    ...(result === 'unknown' ? [`  → ask again: lamplighter breakglass verb status --op ${op}`] : []),
  ];
  return lines.join('\n');
}

function touchedWords(outcome: PowerOutcome): string {
  if (outcome.touched === null) return 'whether the power was touched is not known';
  if (!outcome.touched) return outcome.result === 'ok' ? 'the power was not touched' : 'nothing was touched';
  return outcome.told === 'host' && outcome.reconciled
    ? "the power was touched; the answer was lost, and this is the host's record of it"
    : 'the power was touched';
}

function recordWords(record: Partial<BreakglassResult>): string[] {
  const { vmid, op, identity, evidence, alarm } = record;
  const lines = [`  VM ${vmid}${op == null ? '' : `, op ${op}`}, as ${identity}`];
  if (evidence != null)
    lines.push(`  evidence ${evidence.id}${evidence.class === null ? '' : `: the VM was ${plain(evidence.class)}`}`);
  if (alarm != null) lines.push(`  ${paint('red', 'alarm')}: ${plain(alarm)}`);
  return lines;
}

export function statusWords(answer: StatusAnswer, op: string | null): string {
  if (!answer.ok) return `${paint('red', 'no status')} (${plain(answer.reason)})\n  → ${plain(answer.hint)}`;
  const { status, record } = answer.document;
  const lines = seenWords(answer.document.vmid, status);
  if (op !== null) lines.push(...opWords(op, record ?? null));
  return lines.join('\n');
}

type Seen = NonNullable<BreakglassResult['status']>;

function seenWords(vmid: number, seen: Seen): string[] {
  const flat = { yes: 'stand still', no: 'move', unknown: 'unknown', none: 'none' }[seen.countersFlat];
  const qmp = seen.qmp === null ? 'none' : `${seen.qmp}${seen.qmpMs === null ? '' : ` in ${seen.qmpMs} ms`}`;
  const { agent, human } = seen.cooldownSeconds;
  const name = seen.name == null ? '' : ` (${plain(seen.name)})`;
  return [
    `VM ${vmid}${name}: ${paint(seen.advice === 'none' ? 'green' : 'yellow', plain(seen.class))}, advice: ${seen.advice}`,
    `  QEMU ${seen.pid === null ? 'is off' : `pid ${seen.pid} (${plain(seen.qemuState ?? '?')})`}, QMP ${qmp}, run state ${plain(seen.runState ?? 'none')}`,
    `  disks ${flat}${seen.requestsStuck === 'yes' ? ' with requests unanswered' : ''}; guest agent ${seen.agentPing}; SSH banner ${seen.banner}; file systems frozen ${seen.fsFrozen}`,
    ...besideWords(seen),
    `  lock ${plain(seen.lock ?? 'none')}; staged changes ${seen.pendingChanges ?? 'unknown'}; configuration readable ${seen.configReadable}`,
    `  cooldown: agent ${agent} s, human ${human} s; autonomy ${seen.autonomy}${seen.paused ? '; PAUSED for the agent' : ''}`,
    `  ${seen.runningOp === null ? 'no op is under way' : `op ${seen.runningOp} is under way`}${seen.lastOp === null ? '' : `; last op ${seen.lastOp}`}`,
  ];
}

/** What is beside the VM and keeps somebody from seeing or doing something. */
function besideWords({ monitorClient, otherQemus = [], otherNode }: Seen): string[] {
  return [
    ...(monitorClient == null
      ? []
      : [`  the monitor serves process ${monitorClient.pid} (${plain(monitorClient.name)})`]),
    ...(otherQemus.length === 0 ? [] : [`  another QEMU claims to be this VM: process ${otherQemus.join(', ')}`]),
    ...(otherNode == null ? [] : [`  the VM is on the node ${plain(otherNode)} now: ask that host`]),
  ];
}

function opWords(op: string, record: Partial<BreakglassResult> | null): string[] {
  if (record === null) return [`op ${op}: the host does not know it`];
  const { verb, state, result, reason, hint, phases } = record;
  const phase = phases?.at(-1)?.phase;
  const standing =
    state === 'running' ? `under way${phase === undefined ? '' : `, at ${plain(phase)}`}` : String(result);
  return [
    `op ${op}: ${verb}, ${standing}${reason == null ? '' : ` (${plain(reason)})`}`,
    ...recordWords(record).slice(1),
    ...(hint == null ? [] : [`  → ${plain(hint)}`]),
  ];
}
