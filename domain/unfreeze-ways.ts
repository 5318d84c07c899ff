/** The ways out of a freeze, in one place for page, terminal and comment: what each does, and the command for it. */
import type { RunBounds } from './bounds.ts';
import type { Progress } from './stage.ts';

export interface UnfreezeWay {
  readonly name: 'retry' | 'resolved' | 'resolved, reverted' | 'abandon';
  readonly what: string;
  readonly command: string;
}

export interface FrozenRun {
  readonly id: string;
  readonly progress: Pick<Progress, 'fixes'>;
  /** With what was granted. */
  readonly bounds: Pick<RunBounds, 'fixAttempts'>;
}

/** `place`: what a command needs at its end to find the api, or nothing. */
export function unfreezeWays({ id, progress, bounds }: FrozenRun, place = ''): readonly UnfreezeWay[] {
  const command = (rest: string): string => `lamplighter unfreeze ${id} ${rest} --note "why"${place}`;
  const left = Math.max(0, bounds.fixAttempts - progress.fixes);
  const ifRed = left === 0 ? 'it freezes again' : `${attempts(left)} left`;
  return [
    {
      name: 'retry',
      what: `The agent goes on from what is on main, in one more session. Nothing else is granted: if that is red as well, ${ifRed}. Grant more by name: --fixes, --turns, --minutes, --rounds, --usd.`,
      command: command('--way retry'),
    },
    {
      name: 'resolved',
      what: 'You fixed it: what is declared for the head of main is proven green first.',
      command: command('--way resolved'),
    },
    {
      name: 'resolved, reverted',
      what: 'You took the change out: what is declared for the head of main is proven green without it.',
      command: command('--way resolved --reverted'),
    },
    {
      name: 'abandon',
      what: 'The run ends, the lane goes on; main stays as it is.',
      command: command('--way abandon'),
    },
  ];
}

function attempts(count: number): string {
  return count === 1 ? 'one fix-forward attempt is' : `${count} fix-forward attempts are`;
}

/** Bound to the sha that was looked at, so that what comes later needs another look. */
export function judgementCommands(id: string, head: string, place = ''): { approve: string; reject: string } {
  return {
    approve: `lamplighter approve ${id} --sha ${head} --note "why"${place}`,
    reject: `lamplighter reject ${id} --note "what to change"${place}`,
  };
}
