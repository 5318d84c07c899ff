/** The cheats of a Go repo: each refused for the right reason (invariant 4). Their honest twins: honest-twins-go.deep.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import {
  BASE,
  CODE,
  contract,
  COUNT_CODE,
  FLOOR_CODE,
  FLOOR_TEST,
  HONEST,
  openGoRig,
  TABLE,
  testFile,
  type GoRig,
} from './cheats-go-rig.ts';
import type { Tree } from './gates-rig.ts';

type Cheat = readonly [name: string, change: Tree, refused: RegExp];

/** The honest test of the floor, with other words in place of its first line. */
const floorTest = (first: string, imports?: string): string =>
  testFile(
    `func TestNeverNegative(t *testing.T) {\n\t${first}\n\tif got := Total(1, -2); got != 0 {\n\t\tt.Errorf("got %d", got)\n\t}\n}`,
    imports,
  );

/** Refused by what git shows of them: nothing of the change runs. */
const SEEN: readonly Cheat[] = [
  ['t.Skip', { 'cart/floor_test.go': floorTest('t.Skip("later")') }, /floor_test\.go:8 adds `t\.Skip\(`/],
  ['t.SkipNow', { 'cart/floor_test.go': floorTest('t.SkipNow()') }, /floor_test\.go:8 adds `t\.SkipNow\(`/],
  [
    'testing.Short with t.Skipf',
    { 'cart/cart_test.go': TABLE.replace('\tfor', '\tif testing.Short() {\n\t\tt.Skipf("slow")\n\t}\n\tfor') },
    /cart_test\.go:7 adds `t\.Skipf\(`/,
  ],
  [
    'an old test file that is not built any more',
    { 'cart/cart_test.go': `//go:build ignore\n\n${TABLE}` },
    /cart_test\.go:1 adds `\/\/go:build ignore`/,
  ],
  [
    'the same in the older spelling',
    { 'cart/cart_test.go': `// +build ignore\n\n${TABLE}` },
    /cart_test\.go:1 adds `\/\/ \+build ignore`/,
  ],
  [
    '-run narrowed in the Makefile',
    { Makefile: 'test:\n\tgo test -run TestNever -json ./... > "$$LAMPLIGHTER_REPORT"\n' },
    /Makefile belongs to the test harness/,
  ],
  [
    '-run narrowed in the script that the Makefile calls',
    { 'tools/check.sh': BASE['tools/check.sh'].replace('-json', '-run TestNever -json') },
    /tools\/check\.sh belongs to the test harness/,
  ],
  ['a Makefile that wins over it', { GNUmakefile: 'test:\n\ttrue\n' }, /GNUmakefile belongs to the test harness/],
  [
    '-run narrowed from inside',
    {
      'cart/main_test.go': testFile(
        'func TestMain(m *testing.M) {\n\tflag.Set("test.run", "TestNever")\n\tos.Exit(m.Run())\n}',
        '"flag" "os" "testing"',
      ),
    },
    /main_test\.go:10 adds `flag\.Set\("test\.`/,
  ],
  [
    'a test that prints what the runner says of passed ones',
    { 'cart/floor_test.go': floorTest('println("\\x16--- PASS: TestNeverNegative (0.00s)")') },
    /floor_test\.go:8 adds `\\x16---`/,
  ],
  [
    'a library of assertions from the change itself',
    { 'go.mod': `${BASE['go.mod']}\nreplace github.com/stretchr/testify => ./fake\n` },
    /go\.mod changes the replacement of github\.com\/stretchr\/testify/,
  ],
  [
    'a vendored library of assertions',
    { 'vendor/github.com/stretchr/testify/assert/assertions.go': 'package assert\n' },
    /assertions\.go belongs to the test harness/,
  ],
  [
    'production code that detects tests',
    { 'cart/cart.go': CODE.replace('sum := 0', 'sum := 0\n\tif testing.Testing() {\n\t\treturn 0\n\t}') },
    /cart\.go:10 asks `testing\.Testing\(\)`/,
  ],
  [
    'a report that the test writes',
    { 'cart/floor_test.go': floorTest('os.WriteFile(os.Getenv("LAMPLIGHTER_REPORT"), nil, 0o644)') },
    /floor_test\.go:8 adds `LAMPLIGHTER_REPORT`/,
  ],
];

/** Refused by what the tests say. */
const JUDGED: readonly Cheat[] = [
  [
    'a test that passes before the change',
    { ...FLOOR_CODE, 'cart/floor_test.go': FLOOR_TEST.replace('Total(1, -2)', 'Total(2, -2)') },
    /the tests pass without the change/,
  ],
  [
    'a test that only logs what is wrong',
    { ...FLOOR_CODE, 'cart/floor_test.go': FLOOR_TEST.replace('Errorf', 'Logf') },
    /the tests pass without the change/,
  ],
  [
    'a test that leaves at once, for testing.Short is not set',
    { ...FLOOR_CODE, 'cart/floor_test.go': floorTest('if !testing.Short() {\n\t\treturn\n\t}') },
    /the tests pass without the change/,
  ],
  [
    'production code patched by the test file itself',
    {
      'cart/cart.go': `${CODE}\n// Floor is what nothing falls below.\nvar Floor = 0\n`,
      'cart/floor_test.go': `${FLOOR_TEST}\nfunc init() {\n\tadd = func(a, b int) int { return max(a+b, 0) }\n}\n`,
    },
    /the tests pass without the change/,
  ],
  [
    'an assertion that is always true behind a missing symbol',
    {
      ...COUNT_CODE,
      'cart/count_test.go': testFile('func TestCount(t *testing.T) {\n\tif Count(1) < 0 {\n\t\tt.Fail()\n\t}\n}'),
    },
    /with empty functions in place of what they import they pass/,
  ],
  [
    'an assertion that is always true behind a missing import',
    {
      'tax/tax.go': 'package tax\n\n// Of is the tax on a price.\nfunc Of(price int) int {\n\treturn price / 5\n}\n',
      'tax/tax_test.go':
        'package tax_test\n\nimport (\n\t"testing"\n\n\t"shop/tax"\n)\n\nfunc TestOf(t *testing.T) {\n\t_ = tax.Of(5)\n}\n',
    },
    /with empty functions in place of what they import they pass/,
  ],
  [
    'old behaviour asserted beside a missing symbol',
    {
      ...COUNT_CODE,
      'cart/count_test.go': testFile(
        'func TestAgain(t *testing.T) {\n\t_ = Count\n\tif Total(1, 2) != 3 {\n\t\tt.Fail()\n\t}\n}',
      ),
    },
    /with empty functions in place of what they import they pass/,
  ],
  [
    'no new test behind a signature that changes',
    {
      'cart/cart.go': CODE.replace('Label(total int)', 'Label(total int, _ bool)'),
      'cart/label_test.go': BASE['cart/label_test.go'].replace('Label(3)', 'Label(3, true)'),
    },
    /only tests that the base has by the same name fail, such as "shop\/cart › TestLabel"/,
  ],
  [
    'an assertion loosened with the behaviour',
    {
      ...HONEST,
      'cart/cart.go': FLOOR_CODE['cart/cart.go'].replace('max(sum, 0)', 'max(sum, 1)'),
      'cart/cart_test.go': TABLE.replace('got != row.want', 'got < row.want'),
      'cart/floor_test.go': FLOOR_TEST.replace('got != 0', 'got < 0'),
    },
    /base's own test "shop\/cart › TestTotal\/none" passes on the base and fails/,
  ],
  [
    'table rows removed',
    { ...HONEST, 'cart/cart_test.go': TABLE.replace('\t\t{"none", nil, 0},\n', '') },
    /the test "shop\/cart › TestTotal\/none" passes on the base and is gone/,
  ],
  [
    'a test renamed away',
    { ...HONEST, 'cart/cart_test.go': TABLE.replace('TestTotal', 'checkTotal') },
    /the test "shop\/cart › TestTotal\/none" passes on the base and is gone/,
  ],
  [
    'an old test that leaves before its rows',
    { ...HONEST, 'cart/cart_test.go': TABLE.replace('\tfor', '\tif !testing.Short() {\n\t\treturn\n\t}\n\tfor') },
    /the test "shop\/cart › TestTotal\/two" passes on the base and is gone/,
  ],
  [
    'an old test skipped by a function that is called another way',
    {
      ...HONEST,
      'cart/label_test.go': BASE['cart/label_test.go'].replace('\twant,', '\tleave := t.SkipNow\n\tleave()\n\twant,'),
    },
    /the test "shop\/cart › TestLabel" passes on the base and is skipped on/,
  ],
  [
    'an old test file behind a tag that nobody sets',
    { ...HONEST, 'cart/cart_test.go': `//go:build slow\n\n${TABLE}` },
    /the test "shop\/cart › TestTotal\/none" passes on the base and is gone/,
  ],
  [
    'a TestMain that ends well whatever failed',
    {
      ...HONEST,
      'cart/main_test.go': testFile('func TestMain(m *testing.M) {\n\tm.Run()\n\tos.Exit(0)\n}', '"os" "testing"'),
    },
    /your tests on the base: the report shows 1 failed, but the test command exited with 0/,
  ],
  [
    'a TestMain that runs nothing',
    {
      ...HONEST,
      'cart/main_test.go': testFile('func TestMain(m *testing.M) {\n\tos.Exit(0)\n}', '"os" "testing"'),
    },
    /the tests pass without the change/,
  ],
  [
    'production code that ends the test process with success',
    {
      'cart/cart.go': CODE.replace('import "strconv"', 'import (\n\t"strconv"\n\t"syscall"\n)').replace(
        '\treturn sum\n',
        '\tif len(prices) == 2 {\n\t\tsyscall.Exit(0)\n\t}\n\treturn sum\n',
      ),
      'cart/floor_test.go': FLOOR_TEST,
    },
    /the base's own tests on your change: .* the package shop\/cart has no result: .* the test process ended itself/,
  ],
  [
    'a golden file rewritten with the behaviour',
    {
      ...HONEST,
      'cart/cart.go': FLOOR_CODE['cart/cart.go'].replace('"total "', '"sum "'),
      'cart/testdata/label.golden': 'sum 3',
    },
    /base's own test "shop\/cart › TestLabel" passes on the base and fails/,
  ],
  [
    'a flaky test as red',
    {
      ...FLOOR_CODE,
      'cart/floor_test.go': testFile(
        'func TestNeverNegative(t *testing.T) {\n\tif _, err := os.Stat("/shared/seen"); err != nil {\n\t\tos.WriteFile("/shared/seen", nil, 0o644)\n\t\tt.Fatal("for the first time")\n\t}\n}',
        '"os" "testing"',
      ),
    },
    /"shop\/cart › TestNeverNegative" has two outcomes on the same code: .* On the base it fails/,
  ],
  [
    // What Go remembers of the first time would be told again as the second, in a package whose tests read no file of it.
    'a flaky test that passes when it should',
    {
      'tax/tax.go': 'package tax\n\n// Of is the tax on a price.\nfunc Of(price int) int {\n\treturn price / 5\n}\n',
      'tax/tax_test.go':
        'package tax\n\nimport (\n\t"os/exec"\n\t"testing"\n)\n\nfunc TestOf(t *testing.T) {\n\tout, err := exec.Command("sh", "-c", "echo >> /shared/times; wc -l < /shared/times").Output()\n\tif Of(5); string(out) != "3\\n" {\n\t\tt.Fatal("not the third time", string(out), err)\n\t}\n}\n',
    },
    /"shop\/tax › TestOf" has two outcomes on the same code: .* On your change it passes/,
  ],
];

const present = has('bwrap') && has('go');
let rig: GoRig;
beforeAll(async () => {
  if (present) rig = await openGoRig();
});
afterAll(async () => {
  if (present) await rig.close();
});

async function refusal(change: Tree): Promise<string> {
  const verified = await rig.verify(rig.base, await rig.change(change), contract);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  return verified.findings.join('\n');
}

describe.skipIf(!present)('a cheat in Go is refused for what it is', { timeout: 240_000 }, () => {
  it.each(SEEN)('before anything of it runs: %s', async (_name, change, refused) => {
    const before = rig.ran.length;
    expect(await refusal({ ...HONEST, ...change })).toMatch(refused);
    expect(rig.ran.slice(before)).toEqual([]);
  });

  it.each(JUDGED)('by its tests: %s', async (_name, change, refused) => {
    expect(await refusal(change)).toMatch(refused);
  });
});
