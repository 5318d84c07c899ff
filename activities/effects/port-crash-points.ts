/**
 * Ports of a process that a test may kill at any of their calls: each call that changes something, here or outside, passes the crash
 * points `<port>.<method>.before` and `<port>.<method>.after`, such as `store.runs.transition.after`. Only armed processes have them.
 */
import type { CrashPoint } from './crash-point.ts';

export type AroundPort = <P extends object>(name: string, port: P) => P;

/** The production case. */
export function withoutCrashPoints<P extends object>(_name: string, port: P): P {
  return port;
}

/** Dying at these is dying at the write before them. */
const READS = new Set(
  (
    'get list usedReleases transitions waiting repos unread after last held body ofUnit transcript countTurns ' +
    'spentOf spentBy standing raises killSwitch fact readyIssues issue labelEvents blockers findComment ' +
    'isOpen probe remoteHead exportBundle readFile files blobs changedFiles measure additions commitAdditions patch commits contains mergeBase'
  ).split(' '),
);

/** `alive` throws where the life that a call belongs to has ended: then reads fail too. */
export function withCrashPoints(crash: CrashPoint, alive: () => void = () => undefined): AroundPort {
  function around<P extends object>(name: string, port: P): P {
    return new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof key === 'symbol') return value;
        if (typeof value === 'function') return crossing(`${name}.${key}`, key, value.bind(target) as Call);
        return typeof value === 'object' && value !== null ? around(`${name}.${key}`, value) : value;
      },
    });
  }

  function crossing(point: string, method: string, call: Call): Call {
    const pass: CrashPoint = READS.has(method) ? alive : crash;
    return async (...given) => {
      pass(`${point}.before`);
      const result = await call(...given);
      pass(`${point}.after`);
      return result;
    };
  }

  return around;
}

type Call = (...given: readonly unknown[]) => Promise<unknown>;
