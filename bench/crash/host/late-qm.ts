/** A `qm` whose stop can be made to come late, once: in the time between, all who know of it may die. */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import type { LabHost } from '../../../test/lab/lab-host.ts';

export const lateQm = (host: LabHost): string => host.path('late/qm');

/** In front of the lab's own. Called before anybody reads the configuration. */
export function putLateQm(host: LabHost): void {
  mkdirSync(host.path('late'), { recursive: true });
  const late = 'if [[ $1 == stop ]] && rm "$root/late/next" 2>/dev/null; then sleep 1; fi';
  host.write(`#!/bin/bash\nroot=${host.root}\n${late}\nexec "$root/bin/qm" "$@"\n`, 'late/qm');
  chmodSync(lateQm(host), 0o755);
  host.configure({ qm: lateQm(host) });
}

/** The stop that was made late is under way, so that it can be left behind. */
export const lateStopBegun = (host: LabHost): boolean => !existsSync(host.path('late/next'));

export function makeNextStopLate(host: LabHost): void {
  host.write('', 'late/next');
}
