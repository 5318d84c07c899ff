/** What the crash runner does to a cycle, done to the other verbs: whoever works at them dies at random moments, one by one and by name. */
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { kill, killByName, processesOf } from '../../bench/crash/host/processes.ts';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, journal, opId, resume, start } from './call.ts';
import { fakeHost } from './fake-host.ts';
import { random } from './inputs.ts';

const SPAN_MS = 1_200;

/** Power lines that an undisturbed verb leaves; a reset that was never sent is never sent again. */
const events: Readonly<Record<string, readonly string[][]>> = {
  stop: [['stop 5000001']],
  start: [['start 5000002']],
  reset: [['reset'], []],
};

async function disturbed(host: FakeHost, request: string, op: string, seed: number): Promise<void> {
  const next = random(seed);
  const ask = (): void => void start(host, 'human', request).stdout?.resume();
  ask();
  for (let strike = 0; strike < 3; strike += 1) {
    await delay((next() * SPAN_MS) / 3);
    if (next() < 0.5) killByName(host);
    else for (const { pid, role } of processesOf(host)) if (role !== 'script' || next() < 0.5) kill(pid);
    if (next() < 0.5) ask();
  }
  while (!/ end .* ;\n/.test(journal(host, op))) {
    if (journal(host, op) === '') await call(host, 'human', request);
    await resume(host);
  }
}

export const VERBS = ['stop', 'start', 'reset'] as const;

export async function happensOnce(verb: (typeof VERBS)[number], seed: number): Promise<void> {
  const host = await fakeHost();
  if (verb === 'start') execFileSync(host.path('bin/qm'), ['die', '102']);
  host.write('', 'power.log');
  const op = opId();
  await disturbed(host, `${verb} op=${op}`, op, seed);

  const { result, reason } = (await call(host, 'human', `${verb} op=${op}`)).document();
  const happened = host.power();
  expect(events[verb]).toContainEqual(happened);
  const isTold = result === 'ok' || (verb === 'reset' && happened.length === 0 && reason === 'boot_id_unchanged');
  expect({ result, reason, isTold }).toMatchObject({ isTold: true });
  expect(host.pid() === null).toBe(verb === 'stop');
}
