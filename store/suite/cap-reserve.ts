import { capsAt, type Caps } from '../../domain/caps.ts';
import { issueBudget, runSubject } from '../../domain/unit.ts';
import type { Reserve } from '../port.ts';

export const CAPS: Caps = {
  total: { dayMicroUsd: 100, monthMicroUsd: 250 },
  anyRepo: { dayMicroUsd: 60, monthMicroUsd: 150 },
  repos: { beta: { dayMicroUsd: 1_000, monthMicroUsd: 1_000 } },
};
export const at = (day: string): number => Date.parse(`${day}T12:00:00Z`);
export const DAY = at('2026-11-23');

export function issueOf(repo: string, issue: number, microUsd = 1_000_000): Reserve['budget'] {
  return { name: issueBudget(repo, issue), microUsd };
}

/** A reserve of 10 of alpha on DAY, under all caps that bind it. */
export function ask(key: string, over: Partial<Reserve> = {}): Reserve {
  const { repo = 'alpha', at: when = DAY } = over;
  return {
    key,
    unit: runSubject(`run-${repo}`),
    repo,
    microUsd: 10,
    budget: issueOf(repo ?? '', 7),
    caps: capsAt(CAPS, repo, when),
    at: when,
    ...over,
  };
}
