/**
 * What is beside a round and is none of its business: somebody's process that says it is the VM, somebody else at the monitor. Neither may keep
 * the cycle from its end, and nothing of theirs may be ended.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { addStranger, impostors, removeStranger, strangersPid } from '../../../test/lab/fake-host/stranger.ts';
import { holdMonitor } from '../../../test/lab/hold-monitor.ts';
import type { LabHost } from '../../../test/lab/lab-host.ts';

export const BESIDE = ['nothing', 'stranger', 'held monitor'] as const;
export type Beside = (typeof BESIDE)[number];

export interface Company {
  /** Called while the round goes on, as often as one likes: whoever is to leave in its middle leaves. */
  leaveWhen(isDue: boolean): Promise<void>;
  /** Ends it; a finding where something was done to it. */
  end(): Promise<string | null>;
}

interface Place {
  readonly host: LabHost;
  readonly vmid: string;
  readonly proc: string;
}

/** Of a plan's rounds, so that each meets strikes of both kinds. */
export function besideOf(round: number): Beside {
  return BESIDE[Math.floor(round / 2) % BESIDE.length] ?? 'nothing';
}

export async function companyOf(beside: Beside, place: Place, round: number): Promise<Company | null> {
  switch (beside) {
    case 'nothing':
      return null;
    case 'stranger':
      return place.proc === '/proc' ? realStranger(place) : fakeStranger(place.host, round);
    case 'held monitor':
      return monitorHolder(place);
  }
}

function fakeStranger(host: LabHost, round: number): Company {
  const makers = Object.values(impostors);
  const maker = makers[round % makers.length];
  if (maker !== undefined) addStranger(host, maker(host));
  return {
    leaveWhen: () => Promise.resolve(),
    end: () => {
      const lived = existsSync(host.path('proc', strangersPid));
      removeStranger(host);
      return Promise.resolve(lived ? null : 'a stranger’s process was ended');
    },
  };
}

/** A process of this machine, whose arguments are those of the VM. */
async function realStranger({ host, vmid }: Place): Promise<Company> {
  const pidfile = host.path('run', `${vmid}.pid`);
  const words = ['-e', '$| = 1; print "up\\n"; sleep 3600', '--', '-id', vmid, '-pidfile', pidfile];
  const child = spawn('/usr/bin/perl', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return {
    leaveWhen: () => Promise.resolve(),
    async end() {
      const lived = child.exitCode === null && child.signalCode === null;
      if (lived) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      return lived ? null : `a stranger’s process was ended (${child.signalCode ?? child.exitCode})`;
    },
  };
}

/** On a real machine it goes at the latest with the QEMU whose monitor it is. */
async function monitorHolder({ host, vmid }: Place): Promise<Company> {
  // A monitor of files serves all at once, unless it is told to be as QEMU's.
  if (existsSync(host.path('faults'))) host.write('', 'faults/qmp-serves-one');
  const held = await Promise.race([holdMonitor(host, vmid), delay(10_000, null)]);
  return {
    leaveWhen: async (isDue) => void (isDue && (await held?.release())),
    async end() {
      await held?.release();
      return held === null ? 'the monitor greeted nobody before the round' : null;
    },
  };
}
