/** Who dies when, in one round: decided by its seed before it begins. */
import { random } from '../../../test/host/inputs.ts';
import { BOUNDARIES, type Boundary } from './boundaries.ts';

/**
 * `client`: the connection is gone, the script may go on. `script`: the forced command and its children. `runner`: whoever does the work,
 * be it the detached unit or the timer's process, alone; its children live on for a moment. `unit`: the same with all its children.
 * `all`: script and unit at once. `names`: whoever has the script's name in what a process list shows, as `pkill -9 -f` finds them; a `qm` that
 * one of them waits for lives on.
 */
export const VICTIMS = ['client', 'script', 'runner', 'unit', 'all', 'names'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Who goes on after a death: the client asks again with the same id, the timer looks, or both at once. */
export const HEIRS = ['client', 'timer', 'both'] as const;
export type Heir = (typeof HEIRS)[number];

export interface Strike {
  /** At a boundary, or so many milliseconds after whoever was last to begin began. */
  readonly at: Boundary | number;
  readonly victim: Victim;
  readonly heir: Heir;
}

/** Boundaries between two strikes of a sweep. */
const STRIDE = 5;

function pick<T>(from: readonly [T, ...T[]], index: number): T {
  return from[index % from.length] ?? from[0];
}

/** One pass of a sweep strikes each boundary once, in STRIDE rounds; passes go through victims and heirs, so that all meet all. */
function sweep(round: number): Strike[] {
  const pass = Math.floor(round / STRIDE);
  return BOUNDARIES.flatMap((at, index): Strike[] => {
    if (index % STRIDE !== round % STRIDE) return [];
    const heir = pick(HEIRS, Math.floor(pass / VICTIMS.length) + index);
    // Before anything is written there is no word to wait for, and the script alone can die: a few milliseconds into its start.
    if (at === 'nothing') return [{ at: (pass * 7) % 30, victim: pick(['script', 'all'], pass), heir }];
    return [{ at, victim: pick(VICTIMS, pass + index), heir }];
  });
}

function atRandom(seed: number, spanMs: number): Strike[] {
  const next = random(seed);
  return Array.from({ length: 2 + Math.floor(next() * 5) }, () => ({
    at: Math.floor(next() * spanMs),
    victim: pick(VICTIMS, Math.floor(next() * VICTIMS.length)),
    heir: pick(HEIRS, Math.floor(next() * HEIRS.length)),
  }));
}

/** A stop that is under way when all who know of it die: it comes after whoever goes on has begun. */
function lateStop(round: number): Strike {
  return { at: 'note intent=stop', victim: 'names', heir: pick(HEIRS, Math.floor(round / 4)) };
}

/** Rounds take turns: one of the sweep, one at random moments of the time that an undisturbed cycle takes; half of these with a late stop. */
export function planOf(round: number, seed: number, spanMs: number): Strike[] {
  if (round % 2 === 0) return sweep(round / 2);
  return round % 4 === 1 ? atRandom(seed, spanMs) : [lateStop(round), ...atRandom(seed, spanMs)];
}
