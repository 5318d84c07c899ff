/** One thing that a person does to a run while it is told, and where. */
import type { RequestedAct } from '../../domain/act.ts';
import type { RunState, Stage } from '../../domain/stage.ts';

/** To where main stood before its newest commit that is not ours; to before our first commit; by a history of its own. */
export type MainChange = 'rewound' | 'rolled back' | 'replaced';

/** `paused`: held, whatever the stage. `before`: right before an activity of that name begins, for the nth time. */
export type Where =
  | { readonly stage: Stage | 'paused'; readonly before?: never }
  | { readonly before: string; readonly nth: number };

export type Does =
  | { readonly act: (state: RunState) => RequestedAct }
  | { readonly main: MainChange }
  | { readonly lands: Readonly<Record<string, string>> };

export interface Step {
  readonly where: Where;
  readonly does: Does;
  /** Such as `cancel`. */
  readonly what: string;
  /** There may be no occasion for it: the run may have ended before. */
  readonly optional?: true;
}

/** Such as `cancel in verify`, or `pause before pushRun 1`. */
export function stepInWords({ what, where }: Step): string {
  return where.before === undefined ? `${what} in ${where.stage}` : `${what} before ${where.before} ${where.nth}`;
}
