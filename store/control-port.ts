/** The kill switch, small facts, and what clears away rows of what has ended. */
import type { FactFamily, FactKey, FactValue, FamilyValue, KeyIn } from './facts.ts';

export interface KillSwitch {
  readonly on: boolean;
  readonly by: string;
  readonly note: string;
  readonly at: number;
}

/** How many rows went. */
export interface Swept {
  readonly facts: number;
  readonly events: number;
  /** Some of the facts that are of no family of this release, by name. They stay. */
  readonly strange: readonly string[];
}

export interface StoreJanitor {
  /** Drops what retention.ts says, of what has ended: never a row of a run that is open, frozen ones included. The signal ends it between two batches. */
  sweep(at: number, signal?: AbortSignal): Promise<Swept>;
}

export interface FactRow<F extends FactFamily> {
  readonly key: KeyIn<F>;
  readonly value: FamilyValue<F> | null;
  readonly at: number;
}

export interface Control {
  /** On until somebody turned it off. */
  killSwitch(): Promise<KillSwitch>;
  setKillSwitch(value: KillSwitch): Promise<void>;
  /** Small named facts of the families in facts.ts. Null: nobody said any, or somebody said that there is none. */
  fact<K extends FactKey>(key: K): Promise<FactValue<K> | null>;
  setFact<K extends FactKey>(key: K, value: FactValue<K> | null, at: number): Promise<void>;
  /** Those of one family, in the order of their keys, with the time of their last setting. */
  facts<F extends FactFamily>(family: F): Promise<FactRow<F>[]>;
}
