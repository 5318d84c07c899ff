/** A `qm` of a test's own in front of the fake host's: for what Proxmox does in a moment that no fault describes. */
import { chmodSync, mkdirSync } from 'node:fs';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';

/** `lines` are bash; `$root` is the host's folder, `$qm` the qm behind, `$1` the verb. What they do not answer themselves goes on to it. */
export function ownQm(host: FakeHost, lines: string): void {
  mkdirSync(host.path('own'), { recursive: true });
  host.write(`#!/bin/bash\nroot=${host.root} qm=${host.path('bin/qm')}\n${lines}\nexec "$qm" "$@"\n`, 'own/qm');
  chmodSync(host.path('own/qm'), 0o755);
  host.configure({ qm: host.path('own/qm') });
}
