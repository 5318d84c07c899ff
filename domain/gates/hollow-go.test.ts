import { describe, expect, it } from 'vitest';
import { parseGo } from './go-source.ts';
import { hollowGoPackage, type ChangedGoFile } from './hollow-go.ts';

const CART =
  'package cart\n\nimport "fmt"\n\n// Add adds.\nfunc Add(a, b int) int {\n\treturn a + b // }\n}\n\nfunc show(a int) string { return fmt.Sprint("}", a) }\n';

function hollow(...files: ChangedGoFile[]): string {
  return [...hollowGoPackage(files)].map(([path, text]) => `== ${path}\n${text}`).join('');
}

/** A new file beside one that stays. */
const added = (after: string): string => hollow({ path: 'cart/new.go', before: null, after });

describe('the empty shell of a Go package', () => {
  it('keeps what the base has, and answers with zero values where the change adds a function', () => {
    const after = `${CART.replace('a + b', 'b + a')}\nfunc Sub(a, b int) (int, error) {\n\treturn a - b, nil\n}\n`;
    const text = hollow({ path: 'cart/cart.go', before: CART, after });
    expect(text).toContain('return a + b // }');
    expect(text).toContain('func Sub(a, b int) (int, error) { return *new(int), *new(error) }');
    expect(text).toContain('import  "fmt"');
    expect(text).not.toContain('a - b');
  });

  it.each([
    ['nothing', 'func F() {\n\tgo()\n}', 'func F() {}'],
    ['named results', 'func F() (n int, err error) {\n\treturn 1, nil\n}', 'func F() (n int, err error) { return }'],
    [
      'a type with braces',
      'func F() map[string]struct{ A int } {\n\treturn nil\n}',
      'func F() map[string]struct{ A int } { return *new(map[string]struct{ A int }) }',
    ],
    [
      'a function',
      'func F(g func(int) error) func() interface{} {\n\treturn nil\n}',
      'func F(g func(int) error) func() interface{} { return *new(func() interface{}) }',
    ],
    [
      'channels and functions',
      'func F() (<-chan int, func(a, b int) error) {\n\treturn nil, nil\n}',
      '{ return *new(<-chan int), *new(func(a, b int) error) }',
    ],
    [
      'a generic type',
      'func Map[T, U any](all []T, f func(T) U) []U {\n\treturn nil\n}',
      'func Map[T, U any](all []T, f func(T) U) []U { return *new([]U) }',
    ],
    [
      'what a method does',
      'func (s *Stack[T]) Pop() (T, bool) {\n\treturn s.all[0], true\n}',
      'func (s *Stack[T]) Pop() (T, bool) { return *new(T), *new(bool) }',
    ],
  ])('gives back %s', (_what, source, shell) => {
    expect(added(`package cart\n\n${source}\n`)).toContain(shell);
  });

  it('has the types, variables and constants of the change, which a test needs to build', () => {
    const after =
      'package cart\n\nimport (\n\t"errors"\n\tstr "strings"\n\t"os"\n\t_ "embed"\n)\n\ntype Item struct {\n\tName string\n}\n\nvar ErrNone = errors.New("none")\n\nconst (\n\tSmall = iota\n\tBig\n)\n\nfunc New(s string) *Item {\n\tos.Exit(3)\n\treturn &Item{Name: str.ToUpper(s)}\n}\n\nfunc init() {\n\tregister()\n}\n';
    const text = added(after);
    for (const part of ['Name string', 'errors.New("none")', 'Small = iota', 'import  "errors"', 'import _ "embed"'])
      expect(text).toContain(part);
    for (const part of ['os', 'strings', 'register', 'ToUpper']) expect(text).not.toContain(part);
  });

  it('takes a type as the change has it, wherever the base keeps it, and moves nothing twice', () => {
    const text = hollow(
      {
        path: 'a.go',
        before: 'package a\n\ntype T struct{ A int }\n\nfunc (t T) Old() int {\n\treturn t.A\n}\n',
        after: null,
      },
      {
        path: 'b.go',
        before: null,
        after:
          'package a\n\ntype T struct{ A, B int }\n\nfunc (t T) Old() int {\n\treturn t.A + 1\n}\n\nfunc (t T) New() int {\n\treturn t.B\n}\n',
      },
    );
    expect(text.match(/type T /g)).toHaveLength(1);
    expect(text.match(/\) Old\(\)/g)).toHaveLength(1);
    expect(text).toContain('return t.A\n');
    expect(text).toContain('func (t T) New() int { return *new(int) }');
  });

  it('empties a function whose signature is another, and takes its callers as the change has them', () => {
    const before =
      'package a\n\nfunc F(a int) int {\n\treturn a\n}\n\nfunc G() int {\n\treturn F(1)\n}\n\nfunc H() int {\n\treturn 1\n}\n';
    const after = before
      .replace('F(a int)', 'F(a, b int)')
      .replace('F(1)', 'F(1, 2)')
      .replace('return 1\n', 'return 7\n');
    const text = hollow({ path: 'a.go', before, after });
    expect(text).toContain('func F(a, b int) int { return *new(int) }');
    expect(text).toContain('return F(1, 2)');
    expect(text).toContain('func H() int {\n\treturn 1\n}');
  });

  it('is not made where the base lacks nothing, nor where a text is not understood', () => {
    expect(hollow({ path: 'a.go', before: CART, after: CART.replace('a + b', 'b + a') })).toBe('');
    expect(hollow({ path: 'a.go', before: CART, after: null })).toBe('');
    for (const broken of [
      '',
      'func F() {}\n',
      'package a\n\nfunc F( {\n',
      'package a\n\nfunc F() {}}\n',
      'package a\n\nimport "C"\n\nfunc F() {}\n',
    ])
      expect(added(broken)).toBe('');
  });
});

describe('the declarations of a Go file', () => {
  it('are not those in comments, strings and functions', () => {
    const text =
      'package a\n\nconst help = `\nfunc Not() {}\n`\n\n/*\nfunc Nor() {\n*/\nvar r, q = \'{\', "\\"{"\n\nfunc F() {\n\tconst x = 1\n\tvar _ = func() { type T int }\n}\n';
    expect(parseGo(text)?.declarations.map((one) => one.names)).toEqual([['help'], ['r', 'q'], ['F']]);
  });

  it('of a group stand alone, but for constants that count', () => {
    const text =
      'package a\n\nvar (\n\ta = map[string]int{\n\t\t"x": 1,\n\t}\n\tb, c = 1 +\n\t\t2, 3\n)\n\nconst (\n\td Kind = iota\n\te\n)\n\ntype (\n\tT int\n\tU struct {\n\t\tV int\n\t}\n)\n';
    expect(parseGo(text)?.declarations.map((one) => one.names)).toEqual([['a'], ['b', 'c'], ['d', 'e'], ['T'], ['U']]);
  });
});
