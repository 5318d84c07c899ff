import { describe, expect, it } from 'vitest';
import { disagreements, testIdText } from '../../domain/gates/outcome.ts';
import { readGoJson } from './go-json.ts';

type Event = readonly [action: string, test?: string, output?: string];

/** Lines as `go test -json` writes them for one package. */
function packageLines(name: string, events: readonly Event[], more: object = {}): string[] {
  return events.map(([Action, Test, Output]) =>
    JSON.stringify({
      Action,
      Package: name,
      ...(Test === undefined || Test === '' ? {} : { Test }),
      ...(Output === undefined ? {} : { Output }),
      ...more,
    }),
  );
}

const text = (...lines: string[][]): string => `${lines.flat().join('\n')}\n`;

function outcomes(report: string) {
  const read = readGoJson(report);
  if (!read.ok) throw new Error(read.reason);
  return read.outcomes;
}

const shown = (report: string): string[] =>
  outcomes(report).map(
    (one) => `${testIdText(one.id)}: ${one.outcome}${one.failure === null ? '' : ` (${one.failure})`}`,
  );

const detailOf = (report: string, name: string): string | undefined =>
  outcomes(report).find((one) => one.id.name === name)?.detail;

describe('what go test -json prints', () => {
  it('benchmarks beside the tests are none that never ended', () => {
    const report = text(
      packageLines('shop/cart', [
        ['start'],
        ['run', 'TestAdd'],
        ['pass', 'TestAdd'],
        ['run', 'BenchmarkLogs'],
        ['output', 'BenchmarkLogs', '    a_test.go:9: said\n'],
        ['bench', 'BenchmarkLogs'],
        ['run', 'BenchmarkAdd'],
        ['output', '', 'BenchmarkAdd  1  1 ns/op\n'],
        ['pass'],
      ]),
    );
    expect(shown(report)).toEqual(['shop/cart › TestAdd: passed']);
  });

  it('counts subtests by their leaves; a parent that fails though none of its own does is a failure', () => {
    const report = text(
      packageLines('shop/cart', [
        ['start'],
        ['run', 'TestAdd'],
        ['run', 'TestAdd/one'],
        ['pass', 'TestAdd/one'],
        ['run', 'TestAdd/two'],
        ['fail', 'TestAdd/two'],
        ['fail', 'TestAdd'],
        ['run', 'TestAfter'],
        ['run', 'TestAfter/ok'],
        ['pass', 'TestAfter/ok'],
        ['output', 'TestAfter', '    a_test.go:3: left behind\n'],
        ['fail', 'TestAfter'],
        ['run', 'TestLater'],
        ['skip', 'TestLater'],
        ['run', 'ExampleAdd'],
        ['pass', 'ExampleAdd'],
        ['fail'],
      ]),
    );
    expect(shown(report)).toEqual([
      'shop/cart › TestAdd/one: passed',
      'shop/cart › TestAdd/two: failed (test)',
      'shop/cart › TestAfter: failed (test)',
      'shop/cart › TestAfter/ok: passed',
      'shop/cart › TestLater: skipped',
      'shop/cart › ExampleAdd: passed',
    ]);
    expect(detailOf(report, 'TestAfter')).toBe('a_test.go:3: left behind');
  });

  it('tells apart what tests print that run at the same time, in packages that do', () => {
    const [a, b] = ['a', 'b'].map((name) =>
      packageLines(name, [
        ['run', 'TestX'],
        ['output', 'TestX', '=== PAUSE TestX\n'],
        ['pause', 'TestX'],
        ['run', 'TestY'],
        ['cont', 'TestX'],
        ['output', 'TestY', `${name} says y\n`],
        ['output', 'TestX', `${name} says x\n`],
        ['fail', 'TestY'],
        ['fail', 'TestX'],
        ['fail'],
      ]),
    );
    const woven = (a ?? []).flatMap((line, at) => [line, b?.[at] ?? '']);
    expect(outcomes(text(woven)).map((one) => [testIdText(one.id), one.detail])).toEqual([
      ['a › TestX', 'a says x'],
      ['a › TestY', 'a says y'],
      ['b › TestX', 'b says x'],
      ['b › TestY', 'b says y'],
    ]);
  });

  it('a package that does not build is a load failure with what the compiler says, its own or of what it imports', () => {
    const report = text(
      [
        JSON.stringify({
          ImportPath: 'shop/bad [shop/bad.test]',
          Action: 'build-output',
          Output: 'bad/bad_test.go:3:28: undefined: Missing\n',
        }),
        JSON.stringify({ ImportPath: 'shop/bad [shop/bad.test]', Action: 'build-fail' }),
      ],
      packageLines('shop/bad', [['start'], ['output', '', 'FAIL\tshop/bad [build failed]\n']]),
      packageLines('shop/bad', [['fail']], { FailedBuild: 'shop/bad [shop/bad.test]' }),
    );
    expect(shown(report)).toEqual(['shop/bad: failed (load)']);
    expect(detailOf(report, 'shop/bad')).toContain('undefined: Missing');
  });

  it('before Go 1.24 the compiler speaks elsewhere: the package says so itself', () => {
    const report = text(packageLines('shop/bad', [['output', '', 'FAIL\tshop/bad [build failed]\n'], ['fail']]));
    expect(shown(report)).toEqual(['shop/bad: failed (load)']);
  });

  it('before Go 1.23 a package that does not build has no event at all: plain lines say it, with the compiler where it is kept', () => {
    const passes = packageLines('shop/a', [['start'], ['run', 'TestA'], ['pass', 'TestA'], ['pass']]);
    const report = text(
      ['# shop/b_test [shop/b.test]', 'b/b_test.go:3:28: undefined: Missing', '{"Action":"start","Package":"shop/a"}'],
      passes,
      ['FAIL\tshop/b [build failed]', 'FAIL\tshop/c [setup failed]\r', 'FAIL'],
    );
    expect(shown(report)).toEqual(['shop/a › TestA: passed', 'shop/b: failed (load)', 'shop/c: failed (load)']);
    expect(detailOf(report, 'shop/b')).toBe('FAIL\tshop/b [build failed]\nb/b_test.go:3:28: undefined: Missing');
    expect(detailOf(report, 'shop/c')).toBe('FAIL\tshop/c [setup failed]');
    expect(shown('FAIL\tshop/b [build failed]\n')).toEqual(['shop/b: failed (load)']);
  });

  it('a package that has its say in events is not said twice', () => {
    const said = 'FAIL\tshop/b [build failed]';
    const report = text(packageLines('shop/b', [['start'], ['output', '', `${said}\n`], ['fail']]), [said]);
    expect(shown(report)).toEqual(['shop/b: failed (load)']);
  });

  it('a package that dies as it starts is a load failure; one that fails beside its tests is a failure', () => {
    const report = text(
      packageLines('a', [['start'], ['output', '', 'panic: no database\n'], ['fail']]),
      packageLines('b', [['run', 'TestX'], ['pass', 'TestX'], ['output', '', 'exit status 3\n'], ['fail']]),
    );
    expect(shown(report)).toEqual(['a: failed (load)', 'b › TestX: passed', 'b: failed (test)']);
    expect(detailOf(report, 'a')).toBe('panic: no database');
  });

  it('a test that began and did not end failed: of a timeout, or because the process was ended', () => {
    const report = text(
      packageLines('a', [['run', 'TestX'], ['output', 'TestX', 'panic: test timed out after 3s\n'], ['fail']]),
      packageLines('b', [['run', 'TestY'], ['pass']]),
    );
    expect(shown(report)).toEqual(['a › TestX: failed (test)', 'b › TestY: failed (test)']);
    expect(detailOf(report, 'TestX')).toBe('it began and did not end\npanic: test timed out after 3s');
  });

  it('a package without tests is none, and one run twice tells its tests apart by order', () => {
    const report = text(
      packageLines('a', [['start'], ['skip']]),
      packageLines('b', [['run', 'TestX'], ['pass', 'TestX'], ['run', 'TestX'], ['fail', 'TestX'], ['fail']]),
    );
    expect(shown(report)).toEqual(['b › TestX: passed', 'b › TestX #2: failed (test)']);
  });

  it('names that differ in every run are told apart by order', () => {
    const at = (one: string, two: string) =>
      shown(text(packageLines('a', [['run', one], ['pass', one], ['run', two], ['pass', two], ['pass']])));
    expect(at('TestAt/0xc000012345', 'TestAt/0xc000054321')).toEqual(at('TestAt/0xc0000abcde', 'TestAt/0xc0000edcba'));
  });

  it('a line that a test printed itself makes it neither pass nor be there', () => {
    const report = text(
      packageLines('a', [['run', 'TestX'], ['fail', 'TestX'], ['pass', 'TestX'], ['pass', 'TestForged'], ['pass']]),
    );
    expect(shown(report)).toEqual(['a › TestX: failed (test)']);
    expect(disagreements({ outcomes: outcomes(report), code: 0 }, 1)).toHaveLength(1);
  });

  it('what make prints around it is passed over', () => {
    expect(
      shown(
        `go test -json ./...\n${text(packageLines('a', [['run', 'TestX'], ['pass', 'TestX'], ['pass']]))}make: done\n`,
      ),
    ).toEqual(['a › TestX: passed']);
  });
});

describe('a report of Go that is hostile or broken is refused in words', () => {
  it.each([
    ['cut within a line', `${text(packageLines('a', [['run', 'TestX']]))}{"Action":"pa`],
    [
      'cut before a package ends',
      text(
        packageLines('a', [
          ['run', 'TestX'],
          ['pass', 'TestX'],
        ]),
      ),
    ],
    ['of no package', '{}\n{"Action":"pass"}\n{"Action":7,"Package":["a"]}\n'],
    ['no JSON', 'Segmentation fault\n'],
    ['binary', '\u0000\u0001{\ufffd\n{\u0000}\n'],
    ['very deep', `{"Action":${'['.repeat(100_000)}\n`],
  ])('%s', (_name, report) => {
    expect(readGoJson(report)).toMatchObject({ ok: false, why: 'unreadable' });
  });

  it('names that mean something to JavaScript, and endless ones, are only names', () => {
    const names = ['__proto__', 'constructor', `T${'/x'.repeat(50_000)}`];
    const report = text(
      packageLines('__proto__', [
        ...names.flatMap((name): Event[] => [
          ['run', name],
          ['pass', name],
        ]),
        ['pass'],
      ]),
    );
    expect(outcomes(report)).toHaveLength(3);
    expect(({} as Record<string, unknown>)['end']).toBeUndefined();
  });
});
