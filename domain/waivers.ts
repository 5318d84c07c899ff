/** Labels by which a person lifts a gate for one issue. The rule of trust is that of the ready label (invariant 9). */
import { isTrusted, lastApplication } from './eligibility.ts';
import type { Issue } from './issue.ts';

/**
 * `no-red-gate`: no test has to fail without the change. `tests-may-change`: tests of the base may differ or go without being
 * listed. Whatever else the gates demand still holds.
 */
export const WAIVERS = ['no-red-gate', 'tests-may-change'] as const;
export type Waiver = (typeof WAIVERS)[number];

export interface Waivers {
  readonly granted: readonly { readonly waiver: Waiver; readonly by: string; readonly at: number }[];
  /** Stand on the issue and are not honoured. */
  readonly refused: readonly { readonly waiver: Waiver; readonly why: string }[];
}

export const NO_WAIVERS: Waivers = { granted: [], refused: [] };

export function waiversOf(issue: Pick<Issue, 'labels' | 'labelEvents'>): Waivers {
  const granted: Waivers['granted'][number][] = [];
  const refused: Waivers['refused'][number][] = [];
  for (const waiver of WAIVERS) {
    if (!issue.labels.includes(waiver)) continue;
    const applied = lastApplication(issue.labelEvents, waiver);
    const by = applied?.by ?? null;
    if (applied !== null && by !== null && isTrusted(by)) granted.push({ waiver, by: by.login, at: applied.at });
    else
      refused.push({
        waiver,
        why:
          by === null
            ? 'the tracker cannot say who applied it'
            : `it was applied by ${by.login}, who is not a trusted collaborator`,
      });
  }
  return { granted, refused };
}

/** Who lifted it; null where it holds. */
export function waivedBy({ granted }: Waivers, waiver: Waiver): string | null {
  return granted.find((one) => one.waiver === waiver)?.by ?? null;
}

/** One line for people; empty where no such label stands on the issue. */
export function waiversText({ granted, refused }: Waivers): string {
  return [
    ...granted.map(({ waiver, by }) => `${waiver} by ${by}`),
    ...refused.map(({ waiver, why }) => `${waiver} not honoured: ${why}`),
  ].join('; ');
}

/** Why a label that would have lifted this refusal did not; empty where none stands on the issue. */
export function refusedWaiver({ refused }: Waivers, waiver: Waiver): string[] {
  return refused
    .filter((one) => one.waiver === waiver)
    .map(({ why }) => `The label ${waiver} stands on the issue and was not honoured: ${why}.`);
}
