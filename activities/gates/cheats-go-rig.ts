/** The Go repo that the cheats and their honest twins change, and a rig that is opened once: Go builds what it tests. */
import { join } from 'node:path';
import { cacheRoot } from '../../bin/bootstrap/temporal.mjs';
import { contractOf, MESSAGE, openRig, type Rig, type Tree } from './gates-rig.ts';

export const CODE = `package cart

import "strconv"

var add = func(a, b int) int { return a + b }

// Total is the sum of prices.
func Total(prices ...int) int {
	sum := 0
	for _, price := range prices {
		sum = add(sum, price)
	}
	return sum
}

// Label is a total as people read it.
func Label(total int) string {
	return "total " + strconv.Itoa(total)
}
`;
export const TABLE = `package cart

import "testing"

func TestTotal(t *testing.T) {
	for _, row := range []struct {
		name   string
		prices []int
		want   int
	}{
		{"none", nil, 0},
		{"two", []int{1, 2}, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Total(row.prices...); got != row.want {
				t.Errorf("got %d, want %d", got, row.want)
			}
		})
	}
}
`;
const LABEL = `package cart

import (
	"os"
	"testing"
)

func TestLabel(t *testing.T) {
	want, err := os.ReadFile("testdata/label.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got := Label(3); got != string(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
`;
export const BASE = {
  'go.mod': 'module shop\n\ngo 1.21\n',
  Makefile: 'test:\n\tsh tools/check.sh\n',
  'tools/check.sh': 'go test -json ./... > "$LAMPLIGHTER_REPORT"\n',
  'cart/cart.go': CODE,
  'cart/cart_test.go': TABLE,
  'cart/label_test.go': LABEL,
  'cart/testdata/label.golden': 'total 3',
};

/** A test file of the package; `body` is one function. */
export function testFile(body: string, imports = '"testing"'): string {
  return `package cart\n\nimport (\n\t${imports.replaceAll(' ', '\n\t')}\n)\n\n${body}\n`;
}

export const FLOOR_CODE = { 'cart/cart.go': CODE.replace('\treturn sum\n', '\treturn max(sum, 0)\n') };
export const FLOOR_TEST = testFile(
  'func TestNeverNegative(t *testing.T) {\n\tif got := Total(1, -2); got != 0 {\n\t\tt.Errorf("got %d", got)\n\t}\n}',
);
export const HONEST = { ...FLOOR_CODE, 'cart/floor_test.go': FLOOR_TEST };
/** A function that the base lacks. */
export const COUNT_CODE = {
  'cart/count.go':
    'package cart\n\n// Count says how many.\nfunc Count(prices ...int) int {\n\treturn len(prices)\n}\n',
};

export const contract = contractOf(
  {
    test: 'make -s test',
    report: 'go-json',
    globs: ['**/*_test.go', '**/testdata/**'],
    timeoutSeconds: 240,
  },
  { toolchain: ['go'] },
);

export interface GoRig extends Rig {
  readonly base: string;
  /** Commits on top of the base, whatever was committed before. */
  readonly change: (tree: Tree) => Promise<string>;
}

/** What Go built of its own library is kept for the next time: that alone takes a minute. */
export const GO_CACHES = join(cacheRoot(process.env), 'go-of-tests');

export async function openGoRig(): Promise<GoRig> {
  const rig = await openRig({ cachesDir: GO_CACHES });
  const base = await rig.commit(BASE);
  return {
    ...rig,
    base,
    async change(tree) {
      rig.git('reset', '-q', '--hard', base);
      return await rig.commit(tree, MESSAGE);
    },
  };
}
