/** From what came over the wire to the host's document, if it is one: by the published schema, for this very request, and of one mind with the exit code. */
import { type BreakglassResult, breakglassResultSchema } from '../../config/breakglass-result.ts';
import type { NothingDone, Unclear } from '../../domain/breakglass/outcome.ts';
import type { MeantVm, Verb } from '../../domain/breakglass/verb.ts';
import type { Exchange } from './exchange.ts';
import { plainLine } from './plain-text.ts';

export type Heard =
  | { readonly kind: 'document'; readonly document: BreakglassResult }
  | { readonly kind: 'nothing-done'; readonly reason: NothingDone; readonly hint: string }
  | { readonly kind: 'lost'; readonly reason: Unclear; readonly why: string };

/** docs/breakglass-host.md, "Results". */
const NOT_UNDERSTOOD = 2;
const CONFIG_REFUSED = 78;

export function heard(exchange: Exchange, verb: Verb, op: string | null, vm: MeantVm | null = null): Heard {
  switch (exchange.kind) {
    case 'not-sent':
      return { kind: 'nothing-done', reason: exchange.reason, hint: exchange.hint };
    case 'lost':
      return { kind: 'lost', reason: exchange.reason, why: exchange.why };
    case 'answered':
      return ofTheVm(documentIn(exchange, verb, op), vm);
  }
}

/** What another VM's host says is no answer, however well it is formed; but for its refusal to be taken for the one that is meant. */
function ofTheVm(answer: Heard, vm: MeantVm | null): Heard {
  if (vm === null || answer.kind !== 'document') return answer;
  const { vmid, result, reason, touched, status, record } = answer.document;
  if (result === 'failed' && reason === 'other_vm' && !touched) return answer;
  const other = (what: string): Heard => ({
    kind: 'lost',
    reason: 'other_vm',
    why: `the answer is of ${what}, and VM ${vm.vmid}${vm.name === null ? '' : ` (${vm.name})`} was meant: see to which host breakglass.host and port lead`,
  });
  const answered = record == null ? vmid : record.vmid;
  if (vmid !== vm.vmid || answered !== vm.vmid) return other(`VM ${vmid === vm.vmid ? answered : vmid}`);
  if (vm.name !== null && status?.name != null && status.name !== vm.name)
    return other(`VM ${vmid} named ${plainLine(status.name)}`);
  return answer;
}

function documentIn(exchange: Extract<Exchange, { kind: 'answered' }>, verb: Verb, op: string | null): Heard {
  const { code, stdout } = exchange;
  if (stdout.trim() === '' && (code === NOT_UNDERSTOOD || code === CONFIG_REFUSED))
    return refused(code, exchange.stderr);
  const unreadable = (what: string): Heard => ({
    kind: 'lost',
    reason: 'answer_unreadable',
    why: `${what} (exit code ${code}${lastWords(exchange.stderr)})`,
  });
  const parsed = breakglassResultSchema.safeParse(jsonOf(stdout));
  if (!parsed.success) return unreadable('the answer is no document of the host script');
  const document = parsed.data;
  if (document.verb !== verb || (op !== null && document.op !== op))
    return unreadable(`the answer is for ${document.verb} op=${document.op ?? 'none'}, which is not what was asked`);
  if (code !== exitCodeOf(document))
    return unreadable(`the answer says ${document.result ?? document.state} and its exit code does not`);
  return { kind: 'document', document };
}

/** What the script promises for each document. */
function exitCodeOf({ result, touched }: BreakglassResult): number {
  if (result === 'ok') return 0;
  if (result === 'failed') return touched ? 1 : 4;
  return 3;
}

/** These two codes come from the script before it has looked at anything. A shell that knows no verbs says 127. */
function refused(code: number, stderr: string): Heard {
  const said = lastWords(stderr);
  if (code === CONFIG_REFUSED)
    return {
      kind: 'nothing-done',
      reason: 'host_config',
      hint: `the host does not trust its own configuration and did nothing${said}: mend it there, \`breakglass-host --self-test\` says what is wrong`,
    };
  return {
    kind: 'nothing-done',
    reason: 'not_understood',
    hint: `the host did not take this for a request and did nothing${said}: is the script there older than this client?`,
  };
}

function lastWords(stderr: string): string {
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  const clean = plainLine(last).trim().slice(0, 200);
  return clean === '' ? '' : `, saying: ${clean}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
