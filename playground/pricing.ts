/** Issue 1: a price function with a bug that its tests miss. Which bug, and its numbers, come from the seed. */
import type { Behaviour, Change } from './change.ts';
import type { Seeded } from './seeded.ts';
import type { Theme } from './theme.ts';

export interface Pricing {
  /** Text of the module with the bug, and without. */
  readonly module: string;
  readonly rightModule: string;
  /** Cases that pass on the base: quantity and cents. */
  readonly covered: readonly (readonly [quantity: number, cents: number])[];
  readonly change: Change;
  readonly behaviour: Behaviour;
}

interface Bug {
  readonly constants: string;
  readonly doc: string;
  readonly wrong: string;
  readonly right: string;
  readonly title: string;
  readonly complaint: string;
  /** Both as the wrong and the right code compute them. */
  readonly before: (quantity: number) => number;
  readonly after: (quantity: number) => number;
}

type BugMaker = (seeded: Seeded, theme: Theme) => Bug;

/** The discount starts one piece too late. */
function lateDiscount(seeded: Seeded, { goods }: Theme): Bug {
  const unit = seeded.between(12, 90) * 10;
  const from = seeded.between(4, 20);
  const price = (reached: (quantity: number) => boolean) => (quantity: number) =>
    reached(quantity) ? quantity * unit - (quantity * unit) / 10 : quantity * unit;
  return {
    constants: `const UNIT = ${unit};\nconst DISCOUNT_FROM = ${from};`,
    doc: `From DISCOUNT_FROM on, all of them are a tenth cheaper.`,
    wrong: 'return quantity > DISCOUNT_FROM ? full - full / 10 : full;',
    right: 'return quantity >= DISCOUNT_FROM ? full - full / 10 : full;',
    title: `No discount for exactly ${from} ${goods}`,
    complaint: `The price list says "a tenth off from ${from} ${goods} on". With exactly ${from} the full price is asked; with ${from + 1} it is right.`,
    before: price((quantity) => quantity > from),
    after: price((quantity) => quantity >= from),
  };
}

/** Prices below nothing. */
function negativePrice(seeded: Seeded, { goods }: Theme): Bug {
  const unit = seeded.between(120, 990);
  return {
    constants: `const UNIT = ${unit};`,
    doc: 'Nobody is ever paid for taking something.',
    wrong: 'return full;',
    right: 'return Math.max(0, full);',
    title: `A negative number of ${goods} has a negative price`,
    complaint: `Whoever asks for a negative number of ${goods} is told a price below zero. It has to be zero.`,
    before: (quantity) => quantity * unit,
    after: (quantity) => Math.max(0, quantity * unit),
  };
}

/** A bulk order forgets its flat handling fee. */
function lostFee(seeded: Seeded, { goods }: Theme): Bug {
  const unit = seeded.between(120, 990);
  const bulk = seeded.between(30, 80);
  const fee = seeded.between(2, 9) * 100;
  return {
    constants: `const UNIT = ${unit};\nconst BULK = ${bulk};\nconst FEE = ${fee};`,
    doc: 'A bulk order, of BULK and more, pays FEE for handling.',
    wrong: 'return quantity === BULK ? full + FEE : full;',
    right: 'return quantity >= BULK ? full + FEE : full;',
    title: `Bulk orders of more than ${bulk} ${goods} pay no handling`,
    complaint: `Orders of ${bulk} ${goods} and more pay ${fee} cents for handling. That is so for exactly ${bulk}; larger orders pay nothing for it.`,
    before: (quantity) => quantity * unit + (quantity === bulk ? fee : 0),
    after: (quantity) => quantity * unit + (quantity >= bulk ? fee : 0),
  };
}

const BUGS: readonly [BugMaker, ...BugMaker[]] = [lateDiscount, negativePrice, lostFee];

export function choosePricing(seeded: Seeded, theme: Theme): Pricing {
  const bug = seeded.pick(BUGS)(seeded, theme);
  const quantities = Array.from({ length: 120 }, (_, index) => index - 10);
  const wrong = quantities.filter((quantity) => bug.before(quantity) !== bug.after(quantity));
  const right = quantities.filter((quantity) => quantity > 0 && !wrong.includes(quantity));
  const [shown] = wrong;
  if (shown === undefined) throw new Error(`the bug "${bug.title}" shows at no quantity: its numbers are wrong`);
  const covered = [1, seeded.pick([2, 3]), ...right.slice(-1)].map(
    (quantity) => [quantity, bug.before(quantity)] as const,
  );
  const { fn, module, route, quantity } = theme;
  return {
    module: moduleText(theme, bug, bug.wrong),
    rightModule: moduleText(theme, bug, bug.right),
    covered,
    change: {
      issue: 1,
      title: bug.title,
      body: `${bug.complaint}\n\n\`GET ${route}?${quantity}=${shown}\` has to answer ${bug.after(shown)} cents, and answers ${bug.before(shown)}.\n`,
      expected: 'shipped',
      acceptanceCriteria: [`${fn}(${shown}) is ${bug.after(shown)}`, 'every price that was right stays as it is'],
      testPlan: `a test of ${fn} at ${shown}, which fails before the change`,
      test: { path: `test/${module}-edge.test.mjs`, text: testText(theme, bug, shown) },
      added: [],
      edits: [{ path: `${module}.mjs`, old: bug.wrong, new: bug.right }],
      subject: `${fn}: right at the edge`,
      mending: null,
    },
    behaviour: {
      path: `${route}?${quantity}=${shown}`,
      before: { [quantity]: shown, cents: bug.before(shown) },
      after: { [quantity]: shown, cents: bug.after(shown) },
    },
  };
}

function moduleText({ goods, fn }: Theme, bug: Bug, line: string): string {
  return `${bug.constants}

/** What so many ${goods} cost, in cents. ${bug.doc} */
export function ${fn}(quantity) {
  const full = quantity * UNIT;
  ${line}
}
`;
}

function testText({ fn, module, goods }: Theme, bug: Bug, shown: number): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ${fn} } from '../${module}.mjs';

test('${shown} ${goods} cost ${bug.after(shown)} cents', () => {
  assert.equal(${fn}(${shown}), ${bug.after(shown)});
});
`;
}
