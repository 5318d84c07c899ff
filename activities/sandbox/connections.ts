/**
 * How many connections the proxies may hold. Each takes a descriptor of this process for either side, and what is used up by one command
 * is missing to every other: without a bound a command could keep the worker from starting any process at all.
 */
import { readFileSync } from 'node:fs';

export interface Bound {
  /** Null when there are too many; else what gives the place back. */
  enter(): (() => void) | null;
}

/** Of one command: more than package managers open at once. */
const OF_A_COMMAND = 256;
const OF_ALL = 1024;
/** The share of all descriptors that the connections may take, at two each. */
const SHARE = 0.25;

export function boundOf(most: number, within?: Bound): Bound {
  let inside = 0;
  return {
    enter() {
      if (inside >= most) return null;
      const leave = within === undefined ? () => undefined : within.enter();
      if (leave === null) return null;
      inside += 1;
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        inside -= 1;
        leave();
      };
    },
  };
}

/** For all commands of one process together, and from it for each of them: one alone can't take all places. */
export function boundOfProcess(descriptors = descriptorLimit()): { readonly ofCommand: () => Bound } {
  const most = Math.max(2, Math.min(OF_ALL, Math.floor((descriptors * SHARE) / 2)));
  const all = boundOf(most);
  return { ofCommand: () => boundOf(Math.min(OF_A_COMMAND, Math.ceil(most / 2)), all) };
}

/** Descriptors that this process may have open. */
function descriptorLimit(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  // "unlimited" is no number.
  return soft === undefined ? Number.MAX_SAFE_INTEGER : Number(soft);
}
