import { describe, expect, it } from 'vitest';
import { testIdText } from '../../domain/gates/outcome.ts';
import { readCargoJson } from './cargo-json.ts';

const lines = (...events: object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');
const started = (test_count: number) => ({ type: 'suite', event: 'started', test_count });
const ended = (passed: number, failed: number) => ({
  type: 'suite',
  event: failed > 0 ? 'failed' : 'ok',
  passed,
  failed,
  ignored: 0,
});
const begins = (name: string) => ({ type: 'test', event: 'started', name });
const test = (name: string, event: string, more: object = {}) => ({ type: 'test', name, event, ...more });

function shown(report: string): string[] {
  const read = readCargoJson(report);
  if (!read.ok) throw new Error(read.reason);
  return read.outcomes.map(
    (one) => `${testIdText(one.id)}: ${one.outcome}${one.failure === null ? '' : ` (${one.failure}) ${one.detail}`}`,
  );
}

describe("libtest's JSON", () => {
  it('is read binary by binary; doc tests are known without their line', () => {
    const report = lines(
      started(3),
      begins('tests::works'),
      test('tests::works', 'ok'),
      begins('tests::bad'),
      test('tests::bad', 'failed', { stdout: 'left: 2\nright: 3' }),
      test('tests::later', 'ignored', { message: 'slow' }),
      ended(1, 1),
      started(1),
      begins('src/lib.rs - add (line 12)'),
      test('src/lib.rs - add (line 12)', 'ok'),
      ended(1, 0),
    );
    expect(shown(report)).toEqual([
      'tests::works: passed',
      'tests::bad: failed (test) left: 2\nright: 3',
      'tests::later: skipped',
      'src/lib.rs - add: passed',
    ]);
  });

  it('of nextest says the binary as well', () => {
    expect(shown(lines(started(1), begins('shop::it$adds'), test('shop::it$adds', 'ok'), ended(1, 0)))).toEqual([
      'shop::it › adds: passed',
    ]);
  });

  it('tests of one name in two binaries are told apart by their order', () => {
    const binary = [started(1), begins('it'), test('it', 'ok'), ended(1, 0)];
    expect(shown(lines(...binary, ...binary))).toEqual(['it: passed', 'it #2: passed']);
  });

  it('what a child process printed beside the events is passed over, for the counts agree', () => {
    const report = [
      lines(started(2), begins('child')),
      `hello${lines(test('child', 'ok'))}`,
      lines(begins('logs')),
      '{ not json\n{"level":"info","type":"log"}\n{\n  "pretty": true\n}\n',
      `{ "open": ${lines(test('logs', 'failed', { stdout: '{ "type": "test", "event": "ok" }' }))}`,
      `bye${lines(ended(1, 1))}`,
    ].join('');
    expect(shown(report)).toEqual(['child: passed', 'logs: failed (test) { "type": "test", "event": "ok" }']);
  });

  it('a test that ends the process failed, and so did those that it kept from running', () => {
    expect(
      shown(
        lines(
          started(3),
          begins('a'),
          test('a', 'ok'),
          begins('leaves'),
          started(1),
          begins('b'),
          test('b', 'ok'),
          ended(1, 0),
        ),
      ),
    ).toEqual([
      'a: passed',
      'leaves: failed (test) it began and did not end',
      'a test binary: failed (test) it ended before its end, with 1 of its tests not run',
      'b: passed',
    ]);
  });

  it('what does not compile is a load failure, where cargo tells it', () => {
    const message = { level: 'error', rendered: 'error[E0432]: unresolved import `shop::nowhere`', message: 'x' };
    const report = lines(
      { reason: 'compiler-message', target: { name: 'b', kind: ['test'] }, message },
      { reason: 'compiler-message', target: { name: 'b' }, message: { level: 'warning', rendered: 'unused' } },
      { reason: 'build-finished', success: false },
    );
    expect(shown(report)).toEqual(['b: failed (load) error[E0432]: unresolved import `shop::nowhere`']);
  });
});

describe('a report of Cargo that is hostile or broken is refused in words', () => {
  const whole = [started(1), begins('a'), test('a', 'failed'), ended(0, 1)];
  it.each([
    ['cut within a line', `${lines(started(1))}{"type":"te`],
    [
      'with a test that was printed into it',
      lines(started(1), begins('a'), test('a', 'ok'), test('forged', 'ok'), ended(1, 0)),
    ],
    ['with a failure that was spoilt', lines(started(2), begins('a'), test('a', 'ok'), ended(1, 1))],
    [
      'with a result that was spoilt by what a child printed behind its beginning',
      `${lines(started(1), begins('a'))}{"type":"test","name":"a{ oops\n${lines(ended(1, 0))}`,
    ],
    [
      'with a broken line and no counts that vouch for the rest',
      `${lines(started(1), begins('a'))}{ x\n${lines(test('a', 'ok'), { type: 'suite', event: 'ok' })}`,
    ],
    [
      'with a broken line outside of any binary',
      `{ x\n${lines(started(1), begins('a'), test('a', 'ok'), ended(1, 0))}`,
    ],
    [
      'with a broken line in a binary that died',
      `${lines(started(1), begins('a'))}{ x\n${lines(started(0), ended(0, 0))}`,
    ],
    [
      'with a test that a child forged behind its output',
      `${lines(started(1), begins('a'))}x${lines(test('forged', 'ok'))}${lines(test('a', 'ok'), ended(1, 0))}`,
    ],
    ['with lines that would be slow to look through', `${lines(started(1))}{${'x{"type":'.repeat(500_000)}\n`],
    ['with a test outside of any binary', lines(...whole, test('b', 'ok'))],
    ['with an end and no beginning', lines(ended(0, 0))],
    ['without any binary', lines({ reason: 'build-finished', success: true })],
    ['no JSON', 'error: no such command: `nextest`\n'],
    ['of other shapes', '{"type":["suite"],"event":{}}\n{"reason":"compiler-message","message":null,"target":7}\n'],
    ['very deep', `{"type":${'['.repeat(100_000)}\n`],
  ])('%s', (_name, report) => {
    expect(readCargoJson(report)).toMatchObject({ ok: false, why: 'unreadable' });
  });
});
