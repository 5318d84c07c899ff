/** What open pages show and no event tells: a part that is down or back, a notice, a reached cap, a kill switch that is a file. */
import { hash } from 'node:crypto';
import { readHolds } from '../caps/caps.ts';
import type { ApiDeps } from '../http/deps.ts';
import type { Beside } from '../http/sse.ts';
import type { Standing } from '../http/tail.ts';
import { viewHolds } from '../runs/runs.ts';
import { readKillSwitch } from '../standing/kill-switch.ts';
import { overviewChanged, runChanged } from '../views/change.ts';
import type { KillSwitchView, NoticeView, OverviewChange, RunChange, StatusView } from '../views/view.ts';
import { viewStanding } from './operations.ts';

interface Held {
  readonly killSwitch: KillSwitchView;
  /** Of all repos. */
  readonly holds: readonly NoticeView[];
}

/** One look, for the readers of all pages. */
export async function lookAtStanding(deps: ApiDeps): Promise<Standing> {
  const status = await viewStanding(deps);
  return { overview: seenOfStatus(status), run: seenOfHeld(status) };
}

/** How the list of runs shows it; ages are not told. */
export function seenOfStatus(status: Omit<StatusView, 'openRuns' | 'now'>): string {
  const { killSwitch, queued, notices, holds, parts } = status;
  return digest([killSwitch, queued, notices, holds, parts]);
}

/** What the pages of runs show of it. */
export async function seenOfRuns(deps: ApiDeps): Promise<string> {
  return seenOfHeld(await readHeld(deps));
}

export function besideOverview(deps: ApiDeps, seen: string): Beside {
  const read = async (place: number): ReturnType<Beside['read']> => {
    const status = await viewStanding(deps);
    const change: OverviewChange = { status };
    return { seen: seenOfStatus(status), frame: overviewChanged.parse({ ...unwritten(deps, place), change }) };
  };
  return { of: 'overview', seen, read };
}

export function besideRun(deps: ApiDeps, id: string, seen: string): Beside {
  const read = async (place: number): ReturnType<Beside['read']> => {
    const [held, holds] = await Promise.all([readHeld(deps), viewHolds(deps, id)]);
    const change: RunChange = { killSwitch: held.killSwitch, holds };
    return { seen: seenOfHeld(held), frame: runChanged.parse({ ...unwritten(deps, place), change }) };
  };
  return { of: 'run', seen, read };
}

/** In the shape of an event, in the place where its reader is; no row of the table. */
function unwritten(deps: ApiDeps, seq: number): { seq: number; at: number; subject: string; kind: string } {
  return { seq, at: deps.now(), subject: 'system', kind: 'standing' };
}

async function readHeld(deps: ApiDeps): Promise<Held> {
  const [killSwitch, holds] = await Promise.all([
    readKillSwitch(deps.store.control, deps.config.dataDir),
    readHolds(deps),
  ]);
  return { killSwitch, holds };
}

function seenOfHeld({ killSwitch, holds }: Held): string {
  return digest([killSwitch, holds]);
}

function digest(shown: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(shown)).slice(0, 16);
}
