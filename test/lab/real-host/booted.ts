/**
 * A guest that has booted, kept for those who want one that runs: an emulated processor takes seconds to boot it, and none to go on. Its memory is
 * what QEMU's own migration wrote, its disk is of that same moment. Kept in the cache under the sum of what it is made by.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clearOld } from '../guest/clear-old.ts';
import type { EventMonitor } from './monitor.ts';

export interface BootedGuest {
  readonly memory: string;
  readonly disk: string;
}

/** A host whose guest is well, to take the memory of. */
export interface Donor {
  readonly monitor: EventMonitor;
  readonly disk: string;
  close(): Promise<void>;
}

export interface Recipe {
  /** Where the guest's image lies; what is kept lies beside it. */
  readonly image: string;
  readonly qm: string;
  readonly qemu: string;
  /** Of QEMU's command line, but for what differs from one host to the next. */
  readonly machine: unknown;
}

const takingItMs = 60_000;

export async function bootedGuest(recipe: Recipe, boot: () => Promise<Donor>): Promise<BootedGuest> {
  const folder = join(dirname(recipe.image), `booted-${sumOf(recipe)}`);
  if (!existsSync(folder)) await keep(folder, boot);
  return { memory: join(folder, 'memory'), disk: join(folder, 'disk.raw') };
}

/** Another QEMU may not read what this one wrote. */
function sumOf({ image, qm, qemu, machine }: Recipe): string {
  const { size, mtimeMs } = statSync(realpathSync(qemu));
  // An image that was built again lets in another key.
  const key = readFileSync(join(image, 'key.pub'), 'utf8');
  const parts = [image, key, readFileSync(qm, 'utf8'), qemu, size, mtimeMs, machine];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

async function keep(folder: string, boot: () => Promise<Donor>): Promise<void> {
  const work = mkdtempSync(join(dirname(folder), '.booting-'));
  try {
    const donor = await boot();
    try {
      await donor.monitor.ask('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 });
      await donor.monitor.ask('migrate', { uri: `exec:cat >${join(work, 'memory')}` });
      await hasLeft(donor.monitor);
      // From here on QEMU stands still: the disk is what the memory takes it for.
      copyFileSync(donor.disk, join(work, 'disk.raw'));
    } finally {
      await donor.close();
    }
    renameSync(work, folder);
    clearOld(dirname(folder), 'booted', folder);
  } catch (error) {
    // Another process was faster: the same recipe, so as good a guest.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function hasLeft(monitor: EventMonitor): Promise<void> {
  const deadline = performance.now() + takingItMs;
  for (;;) {
    const { status, ...more } = (await monitor.ask('query-migrate')) as { status?: string };
    if (status === 'completed') return;
    if (status === 'failed' || performance.now() > deadline)
      throw new Error(`the guest's memory was not written (${status}): ${JSON.stringify(more)}`);
    await delay(20);
  }
}
