/** Money: every model call reserves its worst case before it is made and settles afterwards. */
import type { Cap, CapStanding } from '../domain/caps.ts';
import type { MicroUsd } from '../domain/money.ts';
import type { Budget, Subject } from '../domain/unit.ts';
import type { Principal } from './principal.ts';

export interface Reserve {
  /** One model call attempt: `<session>/<turn>/<attempt>`. */
  readonly key: string;
  readonly unit: Subject;
  readonly repo: string | null;
  readonly microUsd: MicroUsd;
  /** Refused when what all units spent and reserved of it would pass it. */
  readonly budget: Pick<Budget, 'name' | 'microUsd'>;
  /** Likewise, each in its window, which `at` is in. Only of this repo, or of all. */
  readonly caps: readonly Cap[];
  readonly at: number;
}

export type Reserved =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: 'budget'; readonly spent: MicroUsd }
  /** Every cap that the call would have passed, at least one. */
  | { readonly ok: false; readonly why: 'caps'; readonly reached: readonly CapStanding[] };

/** A person's addition to one cap: it holds for that cap's window, and ends with it. */
export interface CapRaise {
  readonly id: string;
  /** Key of the cap. */
  readonly cap: string;
  readonly microUsd: MicroUsd;
  readonly by: Principal;
  readonly note: string;
  readonly at: number;
}

export interface Ledger {
  /** Decided in one transaction: no interleaving passes a cap. */
  reserve(reserve: Reserve): Promise<Reserved>;
  /** Idempotent by key. A reserve never settled stays charged in full. Counts on the day on which it was reserved. */
  settle(key: string, microUsd: MicroUsd, at: number): Promise<void>;
  /** By all units that share the budget. */
  spentOf(budget: string): Promise<MicroUsd>;
  spentBy(unit: Subject): Promise<MicroUsd>;
  /** In the order of `caps`. */
  standing(caps: readonly Cap[]): Promise<CapStanding[]>;
  /** Unique by id: the same id again answers with the raise that stands. Appends `cap.raised`. */
  raiseCap(cap: Cap, raise: Omit<CapRaise, 'cap'>): Promise<CapRaise>;
  /** Oldest first. */
  raises(cap: string): Promise<CapRaise[]>;
}
