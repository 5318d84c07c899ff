/**
 * The one module that every external effect goes through (invariant 5). It writes the intent first, knows the effect's
 * class, and after a crash asks the world before it acts again:
 *
 *  - provable: `lookup` must say whether it happened; it is never doubled.
 *  - keyed: done again under the same key, which the other side folds.
 *  - at-least-once: done again only when the outcome is unknown, and marked as a repeat.
 */
import type { Subject } from '../../domain/unit.ts';
import type { EffectLog } from '../../store/port.ts';
import type { CrashPoint } from './crash-point.ts';

interface EffectBase<T> {
  /** Unique for ever, such as `push/<run>/<sha>`. */
  readonly key: string;
  /** Short name: crash points are `<name>.before` and `<name>.after`. */
  readonly name: string;
  readonly unit: Subject | null;
  act(repeat: boolean): Promise<T>;
}

/** `lookup` answers with the result when the world shows the effect, else null. It is asked even for a new intent, because a lost store must not double it. */
export interface ProvableEffect<T> extends EffectBase<T> {
  readonly class: 'provable';
  lookup(): Promise<T | null>;
  /** Whether what `act` answers is the effect; absent: always. A refusal is an answer, and not remembered: the world may let it happen later. */
  happened?(result: T): boolean;
}

export interface RepeatableEffect<T> extends EffectBase<T> {
  readonly class: 'keyed' | 'at-least-once';
}

export type Effect<T> = ProvableEffect<T> | RepeatableEffect<T>;

/** Thrown by an `act` before it has begun anything, because it is not to: its intent is taken back, as if it had not been asked for. */
export class Withheld extends Error {}

export type PerformEffect = <T>(effect: Effect<T>) => Promise<T>;

export function createPerformEffect(deps: {
  readonly log: EffectLog;
  readonly crash: CrashPoint;
  readonly now: () => number;
}): PerformEffect {
  const underWay = new Map<string, Promise<unknown>>();

  /** An attempt that Temporal has given up may still wait for the world: in one process the next one waits for it, and finds what it did. */
  return async function performEffect<T>(effect: Effect<T>): Promise<T> {
    const mine = (underWay.get(effect.key) ?? Promise.resolve()).then(
      () => performOnce(effect),
      () => performOnce(effect),
    );
    underWay.set(effect.key, mine);
    try {
      return await mine;
    } finally {
      if (underWay.get(effect.key) === mine) underWay.delete(effect.key);
    }
  };

  async function performOnce<T>(effect: Effect<T>): Promise<T> {
    const standing = await deps.log.begin({
      key: effect.key,
      name: effect.name,
      class: effect.class,
      unit: effect.unit,
      at: deps.now(),
    });
    // A result was stored by this same effect, so it has this effect's type.
    if (standing.standing === 'done') return standing.result as T;

    const found = effect.class === 'provable' ? await effect.lookup() : null;
    const repeated = found === null && standing.standing === 'unknown' && effect.class === 'at-least-once';
    deps.crash(`${effect.name}.before`);
    const result = found ?? (await actOn(effect, repeated, standing.standing === 'new'));
    deps.crash(`${effect.name}.after`);
    if (effect.class === 'provable' && effect.happened?.(result) === false) {
      await deps.log.withdraw(effect.key);
      return result;
    }
    await deps.log.done(effect.key, result ?? null, repeated, deps.now());
    return result;
  }

  async function actOn<T>(effect: Effect<T>, repeated: boolean, isNew: boolean): Promise<T> {
    try {
      return await effect.act(repeated);
    } catch (error) {
      // What became of an earlier attempt nobody knows, whatever is withheld now.
      if (error instanceof Withheld && isNew) await deps.log.withdraw(effect.key);
      throw error;
    }
  }
}
