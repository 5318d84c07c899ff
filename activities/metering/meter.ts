/**
 * Whether a unit may make one more model call, and what that call cost. It reserves the worst case before the call and settles after it
 * (invariant 7), whatever drives the model. A reached cap holds: it is no failure.
 */
import { capsAt, holdInWords, type Caps } from '../../domain/caps.ts';
import { costOf, dollars, type MicroUsd, type Price, type Usage } from '../../domain/money.ts';
import type { Budget, Unit } from '../../domain/unit.ts';
import type { Store } from '../../store/port.ts';
import { callForCaps } from '../run/caps.ts';

export interface MeterDeps {
  readonly store: Pick<Store, 'ledger' | 'sessions' | 'escalations'>;
  readonly caps: Caps;
  readonly prices: Readonly<Record<string, Price>>;
  readonly now: () => number;
}

export type Metered =
  | { readonly kind: 'reserved' }
  /** A bound of the unit is used up. */
  | { readonly kind: 'exhausted'; readonly bound: string }
  /** Until a window has passed or a person has raised the cap. */
  | { readonly kind: 'held'; readonly why: string };

export interface Meter {
  price(model: string): Price;
  /** Null while the unit may ask; else the bound that is used up. */
  turnsUsedUp(unit: Unit): Promise<string | null>;
  /** `key`: unique for this one attempt. */
  reserve(unit: Unit, key: string, worst: MicroUsd): Promise<Metered>;
  /** Answers with what is charged. Usage that nobody can say leaves the reserve as it is, which is charged in full. */
  settle(key: string, usage: Usage, model: string): Promise<MicroUsd>;
}

export function createMeter(deps: MeterDeps): Meter {
  const { store, now } = deps;

  function price(model: string): Price {
    const known = deps.prices[model];
    if (known !== undefined) return known;
    throw new Error(
      `there is no price for the model ${model}, so its spending could not be bounded: add it to model.prices (known: ${Object.keys(deps.prices).join(', ')})`,
    );
  }

  return {
    price,

    async turnsUsedUp({ subject, budgets }) {
      return (await store.sessions.countTurns(subject)) >= budgets.turns ? `${budgets.turns} turns` : null;
    },

    async reserve({ subject, repo, budgets }, key, worst) {
      const at = now();
      const reserved = await store.ledger.reserve({
        key,
        unit: subject,
        repo: repo?.key ?? null,
        microUsd: worst,
        budget: budgets.money,
        caps: capsAt(deps.caps, repo?.key ?? null, at),
        at,
      });
      if (reserved.ok) return { kind: 'reserved' };
      if (reserved.why === 'budget') return { kind: 'exhausted', bound: usedUp(budgets.money, reserved.spent) };
      await callForCaps(deps, repo, reserved.reached);
      const words = reserved.reached.map(
        (one) => holdInWords(one, one.cap.repo === null ? null : (repo?.name ?? null)).text,
      );
      return { kind: 'held', why: words.join('; ') };
    },

    async settle(key, usage, model) {
      const microUsd = costOf(usage, price(model));
      await store.ledger.settle(key, microUsd, now());
      return microUsd;
    },
  };
}

function usedUp({ words, microUsd }: Budget, spent: MicroUsd): string {
  return `${words}: ${dollars(spent)} of ${dollars(microUsd)} are spent or reserved, and the next call could pass it`;
}
