/** One key: does it say verbs and nothing else, and is it who it should be? */
import { randomBytes } from 'node:crypto';
import { DEADLINES } from '../../activities/breakglass/deadlines.ts';
import { exchange, type Target } from '../../activities/breakglass/exchange.ts';
import { plainLine } from '../../activities/breakglass/plain-text.ts';
import type { PowerHost } from '../../activities/breakglass/port.ts';
import { probeRestrictions } from '../../activities/breakglass/probe.ts';
import { createSshPowerHost } from '../../activities/breakglass/ssh-host.ts';
import type { BreakglassResult } from '../../config/breakglass-result.ts';
import { type Identity, type MeantVm, opIdOf } from '../../domain/breakglass/verb.ts';
import type { Finding } from '../checkup/checkup.ts';

const LIMITS = { ...DEADLINES, commandMs: DEADLINES.commandMs.status };
const LINE = 'on the host its line must begin with restrict,command="/usr/local/lib/breakglass-host/breakglass-host';

export interface IdentityLook {
  readonly findings: readonly Finding[];
  /** How far the host's clock is ahead; null: not known. */
  readonly skewMs: number | null;
}

type Judge = (name: string, ok: boolean, detail: string, remedy: string) => Finding;
const judge: Judge = (name, ok, detail, remedy) => ({ name, ok, required: true, detail, remedy: ok ? null : remedy });

export async function checkIdentity(
  identity: Identity,
  target: Target,
  now: () => number,
  vm: MeantVm | null,
): Promise<IdentityLook> {
  const command = await checkCommand(identity, target);
  if (!command.goOn) return { findings: [command.finding], skewMs: null };
  const restricted = await checkRestrictions(identity, target);
  const host = createSshPowerHost({ target, deadlines: DEADLINES, vm });
  const askedAt = now();
  const answer = await host.status();
  const heardAt = now();
  const before = [command.finding, restricted];
  if (!answer.ok) {
    const finding = judge(
      `identity of ${identity}`,
      false,
      answer.hint,
      '`breakglass-host --self-test` on the host says what is wrong there',
    );
    return { findings: [...before, finding], skewMs: null };
  }
  const { document } = answer;
  const who = checkWho(identity, document);
  const policy = identity === 'ro' && who.ok ? [await checkPolicy(host, document)] : [];
  return { findings: [...before, who, ...policy], skewMs: skewOf(document.status?.clock, askedAt, heardAt) };
}

/** Any word that is no verb: the script refuses it with exit code 2 and no shell has seen it. */
async function checkCommand(identity: Identity, target: Target): Promise<{ finding: Finding; goOn: boolean }> {
  const name = `command of ${identity}`;
  const remedy = `${LINE} ${identity}"`;
  const ran = await exchange(target, 'id', LIMITS, () => undefined);
  if (ran.kind === 'not-sent')
    return {
      finding: judge(name, false, ran.hint, `put the public half of this key into root's keys there; ${remedy}`),
      goOn: false,
    };
  if (ran.kind === 'lost')
    return { finding: judge(name, false, `the host gave no answer to \`id\`: ${ran.why}`, remedy), goOn: false };
  // 78: the script was there, and did not get so far as to read the word.
  if ((ran.code === 2 || ran.code === 78) && ran.stdout === '')
    return { finding: judge(name, true, 'only verbs are understood: `id` was refused', ''), goOn: true };
  const said = plainLine(ran.stdout).slice(0, 100);
  return {
    finding: judge(
      name,
      false,
      `\`id\` was not refused: exit code ${ran.code}${said === '' ? '' : `, and it said ${said}`}`,
      `${whatRan(ran.stdout)}: ${remedy}`,
    ),
    goOn: false,
  };
}

/** Only what `id` itself prints proves that a shell ran it; an older script, or another, may answer a word that it does not know in its own way. */
function whatRan(stdout: string): string {
  if (/^uid=\d+/.test(stdout)) return 'this key can run anything';
  return 'what answered is not the script of this tree: an older one, or another. Install host/ anew; and look at the line, for what this key can run is not known';
}

async function checkRestrictions(identity: Identity, target: Target): Promise<Finding> {
  const { terminal, forwarding } = await probeRestrictions(target, LIMITS);
  const ok = terminal === 'refused' && forwarding === 'refused';
  const detail = ok ? 'no terminal, no forwarding' : `terminal ${terminal}, forwarding ${forwarding}`;
  return judge(
    `limits of ${identity}`,
    ok,
    detail,
    `${LINE} ${identity}", with restrict: without it the key reaches into the host's network`,
  );
}

function checkWho(identity: Identity, { identity: said, vmid }: BreakglassResult): Finding {
  return judge(
    `identity of ${identity}`,
    said === identity,
    said === identity ? `for VM ${vmid}` : `the host takes this key for ${said}`,
    `correct the word at the end of its command= on the host to ${identity}`,
  );
}

/**
 * A verb that ro may not say, in a form that would do nothing even if it were let through: of an op that has ended the host only gives the
 * record, or refuses the id; and a VM that runs is not started.
 */
async function checkPolicy(host: PowerHost, { status }: BreakglassResult): Promise<Finding> {
  const name = 'ro may only read';
  const ended = status?.runningOp === null ? status.lastOp : null;
  if (ended === null && status?.pid == null)
    return {
      name,
      ok: true,
      required: false,
      detail: 'not tried: the VM is off, and no op has ended here yet',
      remedy: null,
    };
  const [verb, op] =
    ended === null ? (['start', opIdOf(Date.now(), randomBytes(16))] as const) : (['cycle', ended] as const);
  const outcome = await host.runVerb(verb, op);
  const refused = outcome.result === 'failed' && outcome.reason === 'identity' && outcome.touched === false;
  return judge(
    name,
    refused,
    refused
      ? `its ${verb} was refused, nothing was touched`
      : `its ${verb} was not refused as it should be: ${outcome.result} (${outcome.reason ?? 'no reason'})`,
    'the script on the host is not the one of this tree: install it anew, and look at who changed it',
  );
}

/** 0 where the host's clock lies between question and answer: nothing finer can be known. */
function skewOf(clock: string | undefined, askedAt: number, heardAt: number): number | null {
  if (clock === undefined) return null;
  const there = Date.parse(clock);
  if (there < askedAt) return there - askedAt;
  return there > heardAt ? there - heardAt : 0;
}
