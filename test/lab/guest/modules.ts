/** The kernel modules that the guest loads, each after those that it needs. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

/** Loaded at boot; built-in ones are passed over, as kernels differ in that. */
const atBoot = ['virtio_pci', 'virtio_scsi', 'sd_mod', 'virtio_net', 'virtio_console', 'ext4', 'pvpanic'];
/** Carried, and loaded by whoever wants it. */
const onDemand = ['pvpanic-pci'];

const plain = (name: string): string => name.replaceAll('-', '_');

function readModule(file: string, busybox: string): Buffer {
  if (file.endsWith('.xz')) return execFileSync(busybox, ['xzcat', file], { maxBuffer: 1 << 26 });
  const bytes = readFileSync(file);
  return file.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes;
}

/** A module says itself what it needs: `depends=a,b` among the strings of its .modinfo. */
function needs(bytes: Buffer): string[] {
  const said = /\0depends=([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1] ?? '';
  return said.split(',').filter(Boolean);
}

/** Writes the modules into `into`, and `order`, the file names in the order in which init loads them. */
export function writeModules(unpacked: string, into: string, busybox: string): void {
  const files = new Map(
    globSync('{usr/,}lib/modules/*/kernel/**/*.ko{,.xz,.zst}', { cwd: unpacked }).map((file) => [
      plain(basename(file).replace(/\.ko(\.xz|\.zst)?$/, '')),
      join(unpacked, file),
    ]),
  );
  const order: string[] = [];
  const write = (name: string): void => {
    const file = files.get(plain(name));
    const target = `${plain(name)}.ko`;
    if (!file || order.includes(target)) return;
    const bytes = readModule(file, busybox);
    for (const needed of needs(bytes)) write(needed);
    writeFileSync(join(into, target), bytes);
    order.push(target);
  };
  for (const name of atBoot) write(name);
  writeFileSync(join(into, 'order'), `${order.join('\n')}\n`);
  for (const name of onDemand) write(name);
}
