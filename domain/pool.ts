/** Which units a slot is granted to: one pool for all kinds, with slots that are kept empty for a kind until it wants them. */
import type { UnitKind } from './unit.ts';

export interface Pool {
  /** Units that may work at once. */
  readonly slots: number;
  /** How many of them each kind may count on; nobody is put out of a slot for it. None where it is absent. */
  readonly reserves: Readonly<Partial<Record<UnitKind, number>>>;
}

/** One who stands in the line, in its order. */
export interface InLine {
  readonly kind: UnitKind;
  readonly holds: boolean;
}

/** Says for each in the line whether it holds a slot once all who can have one have it: whoever stands before is served before. */
export function served(line: readonly InLine[], { slots, reserves }: Pool): boolean[] {
  const held = new Map<UnitKind, number>();
  const take = (kind: UnitKind): void => void held.set(kind, heldBy(kind) + 1);
  const heldBy = (kind: UnitKind): number => held.get(kind) ?? 0;
  for (const one of line) if (one.holds) take(one.kind);

  const isFreeFor = (kind: UnitKind): boolean => {
    const inUse = [...held.values()].reduce((sum, count) => sum + count, 0);
    const kept = Object.entries(reserves)
      .filter(([other]) => other !== kind)
      .reduce((sum, [other, count]) => sum + Math.max(0, count - heldBy(other as UnitKind)), 0);
    return inUse + kept < slots;
  };
  return line.map(({ kind, holds }) => {
    if (holds) return true;
    if (!isFreeFor(kind)) return false;
    take(kind);
    return true;
  });
}
