/** What looks like a cheat of cheats-go.test.ts and is none: each is proven. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import type { Waivers } from '../../domain/waivers.ts';
import {
  CODE,
  contract,
  COUNT_CODE,
  FLOOR_CODE,
  HONEST,
  openGoRig,
  TABLE,
  testFile,
  type GoRig,
} from './cheats-go-rig.ts';
import type { Tree } from './gates-rig.ts';

const present = has('bwrap') && has('go');
let rig: GoRig;
beforeAll(async () => {
  if (present) rig = await openGoRig();
});
afterAll(async () => {
  if (present) await rig.close();
});

interface Given {
  readonly changedTests?: { id: string; reason: string }[];
  readonly waivers?: Waivers;
}

async function proven(change: Tree, { changedTests = [], waivers }: Given = {}): Promise<void> {
  expect(await rig.verify(rig.base, await rig.change(change), contract, changedTests, waivers)).toEqual({
    kind: 'proven',
  });
}

/** The last red, as a person reads it. */
async function lastRed(): Promise<string> {
  return (await rig.evidence()).findLast((one) => one.kind === 'red')?.summary ?? '';
}

const COUNT_TEST = testFile(
  'func TestCount(t *testing.T) {\n\tif got := Count(4, 5); got != 2 {\n\t\tt.Errorf("got %d", got)\n\t}\n}',
);

describe.skipIf(!present)('an honest twin in Go is proven', { timeout: 240_000 }, () => {
  it('new behaviour of a function that is there: its test fails on the base by its assertion', async () => {
    await proven(HONEST);
    expect(await lastRed()).toBe('1 new or changed tests fail on the base, as they should');
  });

  it('a new symbol, without which the package does not build: red is weak, and says so', async () => {
    await proven({ ...COUNT_CODE, 'cart/count_test.go': COUNT_TEST });
    expect(await lastRed()).toContain('(build-red: weak)');
  });

  it('a new package with its type, constants and errors, tested from outside', () =>
    proven({
      'tax/tax.go':
        'package tax\n\nimport "errors"\n\n// ErrRate is of a rate below zero.\nvar ErrRate = errors.New("rate")\n\n// Normal is the usual rate.\nconst Normal = 20\n\n// Rule is how a price is taxed.\ntype Rule struct{ Rate int }\n\n// Of is the tax on a price.\nfunc (r Rule) Of(price int) (int, error) {\n\tif r.Rate < 0 {\n\t\treturn 0, ErrRate\n\t}\n\treturn price * r.Rate / 100, nil\n}\n',
      'tax/tax_test.go':
        'package tax_test\n\nimport (\n\t"errors"\n\t"testing"\n\n\t"shop/tax"\n)\n\nfunc TestOf(t *testing.T) {\n\tif got, err := (tax.Rule{Rate: tax.Normal}).Of(50); got != 10 || err != nil {\n\t\tt.Errorf("got %d, %v", got, err)\n\t}\n}\n\nfunc TestRate(t *testing.T) {\n\tif _, err := (tax.Rule{Rate: -1}).Of(50); !errors.Is(err, tax.ErrRate) {\n\t\tt.Errorf("got %v", err)\n\t}\n}\n',
    }));

  it('a signature that changes, with its callers and a reason for the tests that called it as it was', () =>
    proven(
      {
        'cart/cart.go': CODE.replace('Label(total int)', 'Label(total int, currency string)').replace(
          'strconv.Itoa(total)',
          'strconv.Itoa(total) + " " + currency',
        ),
        'cart/label_test.go': testFile(
          'func TestCurrency(t *testing.T) {\n\tif got := Label(3, "EUR"); got != "total 3 EUR" {\n\t\tt.Errorf("got %q", got)\n\t}\n}',
        ),
        'cart/testdata/label.golden': null,
      },
      { changedTests: [{ id: 'TestLabel', reason: 'labels name their currency, says the first criterion' }] },
    ));

  it('a refactoring that renames a function and its tests, with a reason for each', () =>
    proven(
      {
        'cart/cart.go': CODE.replaceAll('Total', 'Sum'),
        'cart/cart_test.go': TABLE.replaceAll('Total', 'Sum'),
      },
      { changedTests: ['TestTotal/none', 'TestTotal/two'].map((id) => ({ id, reason: 'the issue asks for Sum' })) },
    ));

  it('a feature that is removed, under the waiver for its tests', () =>
    proven(
      {
        'cart/cart.go': FLOOR_CODE['cart/cart.go']
          .replace(/\n\/\/ Label[\s\S]*/, '')
          .replace('import "strconv"\n\n', ''),
        'cart/label_test.go': null,
        'cart/testdata/label.golden': null,
        'cart/floor_test.go': HONEST['cart/floor_test.go'],
      },
      { waivers: { granted: [{ waiver: 'tests-may-change', by: 'ada', at: 1 }], refused: [] } },
    ));

  it('rows that are added to a table', () =>
    proven({
      ...FLOOR_CODE,
      'cart/cart_test.go': TABLE.replace('\t\t{"two"', '\t\t{"below", []int{1, -2}, 0},\n\t\t{"two"'),
    }));

  it('a golden file that an acceptance criterion changes, with that reason', () =>
    proven(
      { 'cart/cart.go': CODE.replace('"total "', '"sum "'), 'cart/testdata/label.golden': 'sum 3' },
      { changedTests: [{ id: 'shop/cart › TestLabel', reason: 'labels say sum, says the first criterion' }] },
    ));

  it('a test for one system, one that runs itself as another process, and a TestMain that tells the truth', () =>
    proven({
      ...FLOOR_CODE,
      'cart/floor_test.go': `//go:build linux\n\n${testFile(
        'func TestMain(m *testing.M) {\n\tif os.Getenv("AS_CHILD") != "" {\n\t\tos.Stdout.WriteString(Label(Total(1, -2)))\n\t\tos.Exit(0)\n\t}\n\tos.Exit(m.Run())\n}\n\nfunc TestNeverNegative(t *testing.T) {\n\tchild := exec.Command(os.Args[0])\n\tchild.Env = []string{"AS_CHILD=1"}\n\tif out, err := child.Output(); err != nil || string(out) != "total 0" {\n\t\tt.Errorf("got %q, %v", out, err)\n\t}\n}',
        '"os" "os/exec" "testing"',
      )}`,
    }));
});
