/** What a change of labels comes to where some are there already: the same in any tracker. */
export interface LabelChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface LabelOutcome {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly after: readonly string[];
}

/** A label that is to be added and removed is added. `again`: one that is there already is applied once more, as a new event. */
export function changedLabels(
  before: readonly string[],
  { add, remove }: LabelChange,
  again: boolean = false,
): LabelOutcome {
  const added = [...new Set(add)].filter((label) => again || !before.includes(label));
  const removed = before.filter((label) => remove.includes(label) && !add.includes(label));
  const after = [...new Set([...before.filter((label) => !removed.includes(label)), ...added])];
  return { added, removed, after };
}
