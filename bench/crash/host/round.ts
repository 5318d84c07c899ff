/**
 * One cycle whose client, script, runner and resumers are killed, one after the other. However it goes: the guest ends running, in one QEMU,
 * with one stop and one start, and the result can be had by the op's id.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { journal, opId } from '../../../test/host/call.ts';
import type { LabHost } from '../../../test/lab/lab-host.ts';
import { besideOf, type Company, companyOf } from './beside.ts';
import { boundaryOf, hasEnded, hasReached } from './boundaries.ts';
import { type Door, startResumer } from './door.ts';
import type { Heir, Strike, Victim } from './plan.ts';
import { lateStopBegun, makeNextStopLate } from './late-qm.ts';
import { kill, killByName, killSession, processesOf, type Role } from './processes.ts';

export interface Death {
  readonly who: Role | 'client';
  /** The journal's last word when it had struck. */
  readonly boundary: string;
}

export interface Round {
  readonly deaths: readonly Death[];
  /** From the death of whoever worked until the journal went on. */
  readonly recoveryMs: readonly number[];
  readonly duplicates: readonly string[];
  readonly unresolved: readonly string[];
  /** What was done beside the deaths. */
  readonly faults: readonly string[];
}

export interface Power {
  readonly stops: number;
  readonly starts: number;
}

export interface Table {
  readonly host: LabHost;
  readonly door: Door;
  readonly vmid: string;
  /** `/proc`, or a made-up one. */
  readonly proc: string;
  /** Counted by what was started and stopped, and not by who did it and may have died over it. */
  readonly power: () => Power;
  /** An op that takes longer to end, with all that happens to it, is stuck. */
  readonly boundMs: number;
}

const procscan = fileURLToPath(new URL('../../../host/libexec/procscan', import.meta.url));
/** Far less than what is awaited, and rare enough to leave the machine to those who work. */
const LOOK_MS = 1;
const TIMER_MS = 400;

/** So long somebody else is at the monitor, if nothing is stopped before. */
const HELD_MS = 2_000;

export async function crashRound(table: Table, plan: readonly Strike[], round = 0): Promise<Round> {
  const beside = besideOf(round);
  const company = await companyOf(beside, table, round);
  const gone = company === null ? Promise.resolve() : leaveInTime(table, company);
  const told = await struckRound(table, plan, () => gone);
  const found = await company?.end();
  if (company !== null) told.faults.push(beside);
  return found == null ? told : { ...told, unresolved: [...told.unresolved, found] };
}

/** Whoever holds the monitor goes after a while, as people do. */
async function leaveInTime({ boundMs }: Table, company: Company): Promise<void> {
  await delay(Math.min(HELD_MS, boundMs));
  await company.leaveWhen(true);
}

async function struckRound(
  table: Table,
  plan: readonly Strike[],
  companyGone: () => Promise<void>,
): Promise<Round & { readonly faults: string[] }> {
  const { host } = table;
  const op = opId();
  const before = { ...table.power(), pid: host.pid() };
  const deaths: Death[] = [];
  const recoveryMs: number[] = [];
  const faults: string[] = [];
  if (plan.some(({ victim }) => victim === 'names')) makeNextStopLate(host);
  const request = `cycle op=${op}`;
  let client = table.door.ask(request);
  const open: Promise<unknown>[] = [client.answer];
  const heirs: Readonly<Record<Heir, () => void>> = {
    client: () => void open.push((client = table.door.ask(request)).answer),
    timer: () => void open.push(startResumer(host)),
    both: () => {
      heirs.timer();
      heirs.client();
    },
  };
  let begun = performance.now();
  let unborn = 0;

  for (const { at, victim, heir } of plan) {
    const deadline = begun + (typeof at === 'number' ? at : table.boundMs);
    // The intent is written a moment before the stop is: without it there would be nothing to leave behind.
    const isThere = (): boolean => victim !== 'names' || at !== 'note intent=stop' || lateStopBegun(host);
    const due = (): boolean => {
      const said = journal(host, op);
      return (
        hasEnded(said) || performance.now() > deadline || (typeof at === 'string' && hasReached(said, at) && isThere())
      );
    };
    while (!due()) await delay(LOOK_MS);
    const { struck, unborn: died, leftStop } = strike(host, victim, client);
    unborn += died;
    if (leftStop) faults.push('late stop');
    if (struck.length === 0) continue;
    const said = journal(host, op);
    const boundary = boundaryOf(said);
    for (const who of struck) deaths.push({ who, boundary });
    const worker = struck.some((one) => one === 'runner' || one === 'resumer');
    begun = performance.now();
    heirs[heir]();
    if (worker && !hasEnded(said)) {
      await until(() => journal(host, op).length > said.length, table.boundMs);
      recoveryMs.push(performance.now() - begun);
    }
  }
  await companyGone();
  await settle(table, op, heirs.timer, heirs.client);
  await Promise.all(open);
  return { deaths, recoveryMs, faults, ...(await verdict(table, op, { ...before, unborn })) };
}

async function until(isSo: () => boolean, boundMs: number): Promise<boolean> {
  const deadline = performance.now() + boundMs;
  while (!isSo()) {
    if (performance.now() > deadline) return false;
    await delay(LOOK_MS);
  }
  return true;
}

interface Struck {
  /** Who of those that were to die lived until now. */
  readonly struck: Death['who'][];
  /** Machines that died in the hands of who was starting them. */
  readonly unborn: number;
  /** A stop lives on, and nobody waits for it. */
  readonly leftStop: boolean;
}

function strike(host: LabHost, victim: Victim, client: { lose(): boolean }): Struck {
  if (victim === 'client') return { struck: client.lose() ? ['client'] : [], unborn: 0, leftStop: false };
  if (victim === 'names') {
    const { leaders, leftStop } = killByName(host);
    return { struck: [...leaders], unborn: 0, leftStop };
  }
  let unborn = 0;
  const struck = processesOf(host).flatMap(({ pid, role }) => {
    const isWorker = role !== 'script';
    if (victim === 'script' && isWorker) return [];
    if ((victim === 'runner' || victim === 'unit') && !isWorker) return [];
    if (victim === 'runner') return kill(pid) ? [role] : [];
    const killed = killSession(pid);
    if (killed.unborn) unborn += 1;
    return killed.lived ? [role] : [];
  });
  return { struck, unborn, leftStop: false };
}

/** What the timer does each minute, and a client that was killed before its request was written down: it asks again, with the same id. */
async function settle({ host, boundMs }: Table, op: string, timer: () => void, ask: () => void): Promise<void> {
  const deadline = performance.now() + boundMs;
  while (!hasEnded(journal(host, op)) && performance.now() < deadline) {
    if (journal(host, op) === '') ask();
    else timer();
    const more = (): boolean => hasEnded(journal(host, op));
    if (await until(more, TIMER_MS)) return;
  }
}

async function verdict(
  table: Table,
  op: string,
  before: Power & { readonly pid: string | null; readonly unborn: number },
): Promise<Pick<Round, 'duplicates' | 'unresolved'>> {
  const { host, door } = table;
  const answer = await door.ask(`cycle op=${op}`).answer;
  const power = table.power();
  const happened = { stop: power.stops - before.stops, start: power.starts - before.starts };
  const running = qemus(table);
  const pid = host.pid();
  const told = `${host.power().join(', ')}; ${answer?.result ?? 'no answer'} ${answer?.reason ?? ''}\n${journal(host, op)}`;
  const duplicates = Object.entries(happened)
    // One whose starter we killed may have been counted, as begun and as gone, or not.
    .filter(([, times]) => times > 1 + before.unborn)
    .map(([what, times]) => `${times} times ${what}: ${told}`);
  if (running.length > 1) duplicates.push(`QEMUs ${running.join(', ')} at once: ${told}`);
  if (duplicates.length > 0) return { duplicates, unresolved: [] };
  const wrong: readonly (readonly [string, boolean])[] = [
    ['the guest does not run', running.length !== 1 || running[0] !== pid],
    [`stop ${happened.stop} times, start ${happened.start} times`, happened.stop < 1 || happened.start < 1],
    ['there is no result under its id', answer?.result !== 'ok' || answer.op !== op],
    ['the result tells of other processes', `${answer?.before?.pid} ${answer?.after?.pid}` !== `${before.pid} ${pid}`],
  ];
  return { duplicates, unresolved: wrong.filter(([, isSo]) => isSo).map(([what]) => `${what}: ${told}`) };
}

function qemus({ host, proc, vmid }: Table): string[] {
  const words = ['qemu', proc, host.path('cgroup'), vmid, host.path('run', `${vmid}.pid`), host.qemu];
  const { stdout } = spawnSync(procscan, words, { encoding: 'utf8' });
  return stdout
    .split('\n')
    .flatMap((line) => line.split(' ', 1))
    .filter(Boolean);
}
