/** A host with a real QEMU for the tests of one file; it goes away with it. Where it can't be had, the tests are skipped by name. */
import { afterAll } from 'vitest';
import type { Settings } from '../../lab/lab-host.ts';
import { type RealHost, startRealHost } from '../../lab/real-host/real-host.ts';
import { has } from '../../setup/needs.ts';

const parts = ['qemu', 'mkfs', 'ssh', 'debian-packages'] as const;

/** Asks for each part, so that all that is missing is listed. */
export const hasLab: boolean = parts.map((part) => has(part)).every(Boolean);

/** An emulated machine boots in seconds on quiet cores, and in many on busy ones. */
export const patience = { timeout: 240_000 } as const;

const open: RealHost[] = [];
afterAll(async () => {
  for (const host of open.splice(0)) await host.close();
}, 60_000);

export async function realHost(settings: Settings = {}): Promise<RealHost> {
  const host = await startRealHost(settings);
  open.push(host);
  return host;
}
