import { describe, expect, it } from 'vitest';
import { testIdText } from '../../domain/gates/outcome.ts';
import { textOfReport } from './report-parts.ts';
import { readReport, type RawReport } from './report.ts';

function read(kind: RawReport['kind'], text: string | null, code = 0) {
  return readReport({ kind, text, code, check: 'unit', roots: ['/checkout/web', '/checkout'] });
}

function shown(kind: RawReport['kind'], text: string): string[] {
  const report = read(kind, text);
  if (!report.ok) throw new Error(report.reason);
  return report.outcomes.map(
    (one) => `${testIdText(one.id)}: ${one.outcome}${one.failure === null ? '' : ` (${one.failure})`}`,
  );
}

describe('JUnit', () => {
  it("node's report: paths are relative, files without tests are no tests, a file that does not load is", () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?><testsuites>
      <testcase name="adds" classname="test" file="/checkout/web/test/a.test.js"/>
      <testsuite name="outer"><testcase name="sk" classname="outer" file="/checkout/web/test/a.test.js"><skipped type="todo"/></testcase>
        <testcase name="bad &lt;&amp;&gt;" classname="outer" file="/checkout/web/test/a.test.js"><failure message="1 == 2">AssertionError 1 == 2</failure></testcase></testsuite>
      <testcase name="test/b.test.js" classname="test" file="/checkout/web/test/b.test.js"><failure message="test failed">exitCode: 1</failure></testcase>
      <testcase name="test/c.test.js" classname="test" file="/checkout/web/test/c.test.js"/><!-- tests 4 --></testsuites>`;
    expect(shown('junit', xml)).toEqual([
      'test/a.test.js › test › adds: passed',
      'test/a.test.js › outer › sk: skipped',
      'test/a.test.js › outer › bad <&>: failed (test)',
      'test/b.test.js › test: failed (load)',
    ]);
  });

  it("pytest's collection failure is a module that does not load; an error in a fixture is a test's", () => {
    const xml = `<testsuites><testsuite name="pytest"><testcase classname="" name="tests.test_b"><error message="collection failure">ImportError</error></testcase>
      <testcase classname="tests.test_a.TestC" name="test_p[1]"><error message="failed on setup with boom">x</error></testcase></testsuite></testsuites>`;
    expect(shown('junit', xml)).toEqual([
      'pytest › tests.test_b: failed (load)',
      'pytest › tests.test_a.TestC › test_p[1]: failed (test)',
    ]);
  });

  it('tests of one name are told apart by their order', () => {
    const xml =
      '<testsuite name="s"><testcase name="a"/><testcase name="a"><failure/></testcase><testcase name="b"/></testsuite>';
    expect(shown('junit', xml)).toEqual(['s › a: passed', 's › a #2: failed (test)', 's › b: passed']);
  });

  it('an HTML page in a CDATA section or in a comment is text, and no document type', () => {
    const xml = `<testsuites><testsuite name="page"><testcase name="renders"><failure message="&lt;!DOCTYPE html&gt;"><![CDATA[
      -<!DOCTYPE html><!-- kept --><p>x</p> <!ENTITY ]]></failure></testcase><testcase name="ok"/>
      <!-- <!DOCTYPE html> &#45;&#45; ]]> <!ENTITY --><!-- <![CDATA[ --></testsuite></testsuites>`;
    expect(shown('junit', xml)).toEqual(['page › renders: failed (test)', 'page › ok: passed']);
  });

  it('what was not run, or was skipped, did not pass, whether an element says it or an attribute', () => {
    const xml = `<testsuites><testsuite name="Cart">
      <testcase name="adds" status="run" result="completed"/><testcase name="DISABLED_sums" status="notrun" result="suppressed"/>
      <testcase name="old" status="notrun"/><testcase name="later" status="run" result="skipped"/>
      <testcase name="off" status="disabled"/><testcase name="nunit"><ignored/></testcase>
      <testcase name="broken" status="run" result="skipped"><failure/></testcase><testcase name="behave" status="failed"/>
      <testcase name="cut" status="run" result="interrupted"/></testsuite></testsuites>`;
    expect(shown('junit', xml)).toEqual([
      'Cart › adds: passed',
      ...['DISABLED_sums', 'old', 'later', 'off', 'nunit'].map((name) => `Cart › ${name}: skipped`),
      ...['broken', 'behave', 'cut'].map((name) => `Cart › ${name}: failed (test)`),
    ]);
  });

  it('nor did what was cut off, inconclusive or blocked, in whatever spelling', () => {
    const words = ['timed-out', 'Timeout', 'aborted', 'crashed', 'killed', 'broken', 'canceled'];
    const unrun = ['not-run', 'not run', 'NotExecuted', 'Inconclusive', 'blocked', 'todo', 'xfail'];
    const cases = [...words, ...unrun].map((word) => `<testcase name="${word}" status="${word}"/>`);
    expect(shown('junit', `<testsuite name="s">${cases.join('')}</testsuite>`)).toEqual([
      ...words.map((word) => `s › ${word}: failed (test)`),
      ...unrun.map((word) => `s › ${word}: skipped`),
    ]);
  });

  it('a suite that failed beside its tests, or without any, is a failure', () => {
    const xml = `<testsuites><testsuite name="a" errors="1"><error message="boom">at load</error></testsuite>
      <testsuite name="b"><testcase name="ok"/><failure>afterAll</failure></testsuite>
      <testsuite name="c"><testcase classname="Test suite failed to run" name="c.test.js"><error>x</error></testcase></testsuite></testsuites>`;
    expect(shown('junit', xml)).toEqual([
      'a › the suite itself: failed (load)',
      'b › the suite itself: failed (test)',
      'b › ok: passed',
      'c › Test suite failed to run › c.test.js: failed (load)',
    ]);
  });

  it('a page of HTML in an attribute or an instruction is no document type either', () => {
    const xml = `<?note <!DOCTYPE html> ?><testsuite name="s"><testcase name="reads"><failure message='Unexpected token "<", "<!DOCTYPE html>" is no JSON'>x</failure></testcase></testsuite>`;
    expect(shown('junit', xml)).toEqual(['s › reads: failed (test)']);
  });

  it("characters by their number are characters, in names and in texts, as mocha's xunit writes each quote", () => {
    const xml = `<testsuite name="s"><testcase name="doesn&#x27;t &#60;b&#62; &amp;#60;"><failure message="it&#x27;s&#10;2"/></testcase></testsuite>`;
    const report = read('junit', xml);
    expect(report.ok && report.outcomes.map(({ id, detail }) => [id.name, detail])).toEqual([
      ["doesn't <b> &#60;", "it's\n2"],
    ]);
  });

  it('blanks before the XML and names of a space of names change nothing', () => {
    const xml = `\n <?xml version="1.0"?>\n<j:testsuites xmlns:j="urn:j"><j:testsuite name="s"><j:testcase name="a"/></j:testsuite></j:testsuites>\n`;
    expect(shown('junit', xml)).toEqual(['s › a: passed']);
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeff<testsuite name="é"/>', 'utf16le')],
    ['UTF-16, high byte first', Buffer.from('\ufeff<testsuite name="é"/>', 'utf16le').swap16()],
    ['UTF-8 with a mark', Buffer.from('\ufeff<testsuite name="é"/>')],
    ['ISO-8859-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><testsuite name="é"/>', 'latin1')],
    ['UTF-8 that calls itself UTF-16', Buffer.from('<?xml version="1.0" encoding="utf-16"?><testsuite name="é"/>')],
    ['an encoding that there is not', Buffer.from('<?xml version="1.0" encoding="windows-0"?><testsuite name="é"/>')],
  ])('is read in the encoding that it has: %s', (_name, bytes) => {
    expect(textOfReport(bytes)).toContain('<testsuite name="é"/>');
  });

  it('a failure that was run again, as Surefire and nextest tell it: the last run counts', () => {
    const xml = `<testsuite name="s"><testcase name="at last"><flakyFailure message="once">x</flakyFailure><flakyError/></testcase>
      <testcase name="never"><failure>x</failure><rerunFailure>y</rerunFailure></testcase></testsuite>`;
    expect(shown('junit', xml)).toEqual(['s › at last: passed', 's › never: failed (test)']);
  });

  it('many escaped characters in a big report are not mistaken for an attack', () => {
    const cases = Array.from(
      { length: 3_000 },
      (_one, n) => `<testcase name="${n} &lt;&gt;&amp;&#10;"><failure>${'&lt;x&gt;'.repeat(20)}</failure></testcase>`,
    );
    expect(shown('junit', `<testsuite name="s">${cases.join('')}</testsuite>`)).toHaveLength(3_000);
  });

  it.each([
    [
      'entity bomb',
      '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>',
    ],
    [
      'external entity',
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&e;"/></testsuite>',
    ],
    [
      'entity bomb that looks like a comment within an attribute',
      `<testsuite><testcase name="<!--"/><!DOCTYPE x [<!ENTITY a "aaaa">]><testcase name="&a; -->"/></testsuite>`,
    ],
    ['comments that never end', '<testsuite><!--'.repeat(100_000)],
    [
      'document type behind a comment',
      '<!-- <![CDATA[ --><!doctype x [<!ENTITY a "aaaa">]><testsuite><testcase name="&a;"/></testsuite><!-- ]]> -->',
    ],
    ['cut off', '<testsuites><testsuite name="a"><testcase name="b"'],
    ['other root', '<html><body>404</body></html>'],
    ['no XML', 'Segmentation fault'],
    ['binary', '\u0000\u0001\ufffd\ufffd<<<>>>'],
    ['very deep', `${'<testsuite name="a">'.repeat(5_000)}${'</testsuite>'.repeat(5_000)}`],
    ['unclosed CDATA', '<testsuite><testcase name="a"><failure><![CDATA[ x</failure></testcase></testsuite>'],
  ])('hostile input is refused as unreadable, in words: %s', (_name, xml) => {
    expect(read('junit', xml)).toMatchObject({ ok: false, why: 'unreadable' });
  });

  it('names that mean something to JavaScript are only names', () => {
    const xml =
      '<testsuite name="__proto__"><testcase name="constructor" classname="toString" __proto__="x"/></testsuite>';
    expect(() => read('junit', xml)).not.toThrow();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('TAP', () => {
  const nested = `TAP version 13
# Subtest: outer
    # Subtest: inner fails
    not ok 1 - inner fails
      ---
      location: '/checkout/web/test/a.test.js:3:27'
      error: '1 == 2'
      ...
    # Subtest: inner ok
    ok 2 - inner ok
    ok 3 - later # SKIP
    1..3
not ok 1 - outer
  ---
  type: 'suite'
  ...
# Subtest: test/b.test.js
not ok 2 - test/b.test.js
  ---
  location: '/checkout/web/test/b.test.js:1:1'
  exitCode: 1
  ...
ok 3 - test/c.test.js
1..3
`;

  it('nested subtests count by their leaves; a file that does not load is told apart', () => {
    expect(shown('tap', nested)).toEqual([
      'outer › inner fails: failed (test)',
      'outer › inner ok: passed',
      'outer › later: skipped',
      'test/b.test.js: failed (load)',
    ]);
  });

  it('a parent that fails though no child does is a failure', () => {
    expect(shown('tap', '# Subtest: p\n    ok 1 - c\n    1..1\nnot ok 1 - p\n1..1\n')).toEqual([
      'p › c: passed',
      'p: failed (test)',
    ]);
  });

  it.each([
    ['cut before its plan', 'TAP version 13\nok 1 - a\nok 2 - b\n'],
    ['fewer tests than planned', '1..3\nok 1 - a\n'],
    ['bailed out', '1..2\nok 1 - a\nBail out! no database\n'],
    ['no TAP', 'hello\nworld\n'],
    [
      'very deep',
      `${Array.from({ length: 300 }, (_one, n) => `${'    '.repeat(n)}# Subtest: x\n`).join('')}${'    '.repeat(300)}ok 1\n1..1\n`,
    ],
  ])('is refused as unreadable when it is %s', (_name, text) => {
    expect(read('tap', text)).toMatchObject({ ok: false, why: 'unreadable' });
  });
});

describe('other reports', () => {
  it('an exit code is one outcome', () => {
    expect(read('exit-code', null, 0)).toMatchObject({ ok: true, outcomes: [{ outcome: 'passed' }] });
    expect(read('exit-code', null, 2)).toMatchObject({
      ok: true,
      outcomes: [{ outcome: 'failed', detail: 'the command exited with 2' }],
    });
  });

  it.each(['junit', 'tap', 'go-json', 'cargo-json'] as const)('none at all is missing: %s', (kind) => {
    expect(read(kind, null)).toMatchObject({ ok: false, why: 'missing' });
    expect(read(kind, ' \n')).toMatchObject({ ok: false, why: 'missing' });
  });
});
