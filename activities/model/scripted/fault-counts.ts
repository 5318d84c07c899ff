/** Which fault is due: each happens its number of times for its step of its scenario, in order, then none. */
import type { Answer } from './answer.ts';
import type { Fault } from './scenario.ts';

export interface FaultCounts {
  /** Counts it as happened. */
  take(answer: Answer): Fault | null;
}

export function createFaultCounts(): FaultCounts {
  const happened = new Map<string, number>();
  return {
    take({ scenario, step, faults }) {
      const key = `${scenario}/${step}`;
      const before = happened.get(key) ?? 0;
      let upTo = 0;
      for (const fault of faults) {
        upTo += fault.times ?? 1;
        if (before < upTo) {
          happened.set(key, before + 1);
          return fault;
        }
      }
      return null;
    },
  };
}
