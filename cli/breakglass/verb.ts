/** One verb from a person's terminal: its op id is said before anything is sent, so that what became of it can be asked whatever happens here. */
import { randomBytes } from 'node:crypto';
import type { PowerOutcome } from '../../activities/breakglass/port.ts';
import type { BreakglassConfig } from '../../config/load-breakglass.ts';
import { standingOf, STATUS_EXIT, STATUS_EXIT_VERSION } from '../../domain/breakglass/standing.ts';
import { type Identity, opIdOf, requestText, turnsPower, type Verb } from '../../domain/breakglass/verb.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import { plain, say, sayJson } from '../terminal/output.ts';
import { confirm } from './confirm.ts';
import { breakglassConfig, openHost } from './open-host.ts';
import { outcomeWords, statusWords } from './words.ts';

export interface VerbOptions {
  readonly config?: string;
  readonly op?: string;
  readonly direct?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly stopWait?: number;
  readonly guestWait?: number;
}

/** As the host's own script ends: docs/breakglass-host.md, "Results". What `status` adds to them is in the domain. */
export const VERB_EXIT = { ok: 0, failed: 1, unknown: 3, untouched: 4 } as const;

export async function runVerbCommand(verb: Verb, options: VerbOptions): Promise<number> {
  const config = breakglassConfig(options.config);
  const identity = identityFor(verb, config);
  const host = openHost(config, identity);
  if (verb === 'status') {
    const answer = await host.status(options.op);
    const standing = answer.ok ? standingOf(answer.document.status) : null;
    if (options.json === true) sayJson({ ...answer, standing, exitCodes: STATUS_EXIT_VERSION });
    else say(statusWords(answer, options.op ?? null));
    return standing === null ? VERB_EXIT.untouched : STATUS_EXIT[standing];
  }
  const op = options.op ?? opIdOf(Date.now(), randomBytes(16));
  if (isMutating(verb)) {
    if (options.yes === true) requireNamedVm(verb, config);
    else await confirm(verb, vmWords(config), `${config.host}, as ${identity}`);
    note(`op ${op}: whatever happens here, ask for it with \`lamplighter breakglass verb status --op ${op}\``);
    sayOnInterrupt(op);
  }
  const { stopWait, guestWait } = options;
  const waits = { ...(stopWait === undefined ? {} : { stopWait }), ...(guestWait === undefined ? {} : { guestWait }) };
  const outcome = await host.runVerb(verb, op, { onLine: note, ...waits });
  if (options.json === true) sayJson({ op, ...outcome });
  else say(outcomeWords(verb, op, outcome));
  if (wantsOwnWay(outcome))
    note(`by hand, with a key of your own: ${sshLine(config, requestText(verb, op, { vm: config.vm }))}`);
  return exitOf(outcome);
}

/** Nobody sees a prompt: what answers at this address may have a key for another VM, and would turn that one's power. */
function requireNamedVm(verb: Verb, { vm }: BreakglassConfig): void {
  if (vm !== null) return;
  throw new CliFailure(
    EXIT.usage,
    'vm-not-named',
    `${verb} with --yes, and the configuration does not say of which VM: nothing was sent`,
    'name it under breakglass.vmid (`lamplighter breakglass verb status` says whose key it is), or leave --yes out',
  );
}

function vmWords({ vm }: BreakglassConfig): string {
  if (vm === null) return 'the VM that the host has this key for (breakglass.vmid would name it)';
  return `VM ${vm.vmid}${vm.name === null ? '' : ` (${vm.name})`}`;
}

function isMutating(verb: Exclude<Verb, 'status'>): verb is Exclude<Verb, 'status' | 'forensics'> {
  return turnsPower(verb);
}

/** A person's own key; where only the readers' is there, it does for reading. */
function identityFor(verb: Verb, { keys }: BreakglassConfig): Identity {
  return keys.human === undefined && keys.ro !== undefined && !turnsPower(verb) ? 'ro' : 'human';
}

function exitOf({ result, touched }: PowerOutcome): number {
  if (result === 'failed') return touched ? VERB_EXIT.failed : VERB_EXIT.untouched;
  return VERB_EXIT[result];
}

/** Where this client could not get through, a person might. Not past a changed host key: that is no obstacle but a warning. */
function wantsOwnWay(outcome: PowerOutcome): boolean {
  return (
    outcome.told === 'client' &&
    ['host_unreachable', 'handshake_timeout', 'handshake_failed', 'key_refused'].includes(outcome.reason)
  );
}

export function sshLine({ host, port, user }: BreakglassConfig, request: string): string {
  return `ssh -p ${port} -i YOUR_KEY -o IdentitiesOnly=yes ${user}@${host} '${request}'`;
}

function note(line: string): void {
  process.stderr.write(`${plain(line.replace(/^breakglass: /, ''))}\n`);
}

function sayOnInterrupt(op: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      note(`interrupted here; at the host the op goes on. Ask: lamplighter breakglass verb status --op ${op}`);
      process.exit(VERB_EXIT.unknown);
    });
}
