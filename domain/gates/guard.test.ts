import { describe, expect, it } from 'vitest';
import { guard, type GuardInput } from './guard.ts';
import { addedByCommit, addedLines, ownLines } from './patch.ts';

const CLEAN: GuardInput = {
  run: 'r.1',
  issue: 7,
  files: [{ path: 'src/a.ts', status: 'modified', from: null, mode: '100644' }],
  added: [],
  commits: [{ sha: 'c'.repeat(40), message: 'Add\n\nRefs #7\n\nLamplighter-Run: r.1\n' }],
  secrets: [],
  isTest: (path) => path.startsWith('test/'),
  isProtected: (path) => path === 'ci.yml',
  isHarness: (path) => path === 'vitest.config.ts',
  harnessChanges: [],
  stateHeld: [],
  hasFolder: (folder) => folder === 'vendored/node_modules/',
};
const withMessage = (message: string): string[] => guard({ ...CLEAN, commits: [{ sha: 'c'.repeat(40), message }] });
const withLine = (path: string, text: string): string[] => guard({ ...CLEAN, added: [{ path, line: 3, text }] });

describe('guard', () => {
  it('has nothing to say of a clean change', () => {
    expect(guard(CLEAN)).toEqual([]);
  });

  it.each([
    ['test/a.test.ts', "  it.skip('x', () => {});"],
    ['test/a.test.ts', 'describe.concurrent.only(`x`, f)'],
    ['test/a.test.js', "test.todo('x')"],
    ['test/a.test.js', "xit('x', f)"],
    ['test/a.test.js', "bench.skip('x', f)"],
    ['test/a.test.js', "specify.only('x', f)"],
    ['test/a.test.js', "fdescribe('x', f)"],
    ['test/a.test.mjs', "test('x', { skip: true }, f)"],
    ['test/a.test.mjs', "test('x', { timeout: 5, todo: true }, f)"],
    ['test/a.test.js', '  t.skip();'],
    ['test/test_a.py', '@pytest.mark.skip(reason="x")'],
    ['test/test_a.py', '@pytest.mark.xfail'],
    ['test/test_a.py', 'pytestmark = pytest.mark.skipif(True)'],
    ['test/test_a.py', '@unittest.skip("x")'],
    ['test/a_test.go', '\tt.Skip("later")'],
    ['test/a_test.go', '\tb.SkipNow()'],
    ['test/a_test.go', '//go:build ignore'],
    ['test/a_test.go', '// +build linux,ignore'],
    ['tests/a.rs', '    #[cfg_attr(all(), ignore)]'],
    ['src/lib.rs', '    #[ignore]'],
    ['src/lib.rs', '    #[ignore = "slow"]'],
    ['test/ATest.java', '  @Disabled'],
  ])('refuses a skipped or focused test: %s %s', (path, text) => {
    expect(withLine(path, text)).toEqual([expect.stringContaining(`${path}:3 adds`)]);
  });

  it.each([
    ['src/page.ts', 'rows.skip(10).only()'],
    ['test/a.test.ts', "it('skips blank lines', () => { expect(rows.skip(1)).toBe(2); });"],
    ['test/a.test.ts', 'const row = { skip: false };'],
    ['test/a.test.ts', "find({ limit: 5, skip: 10, todo: 'buy milk' })"],
    ['test/test_a.py', 'assert parser.skip_blank'],
    ['src/lib.rs', 'fn ignore() {}'],
    ['test/notes.md', 'it.skip is forbidden'],
    ['test/a_test.go', '//go:build linux && !race'],
    ['test/a_test.go', '// ignore what is built'],
    ['test/a_test.go', '\tos.Args = flag.Args()'],
    ['src/gen.go', '//go:build ignore'],
  ])('leaves what only looks like one alone: %s %s', (path, text) => {
    expect(withLine(path, text)).toEqual([]);
  });

  it('refuses protected paths by either name of a rename, and their deletion', () => {
    const renamed = guard({
      ...CLEAN,
      files: [{ path: 'old.yml', status: 'renamed', from: 'ci.yml', mode: '100644' }],
    });
    expect(renamed).toEqual([expect.stringContaining('ci.yml is protected')]);
    expect(
      guard({ ...CLEAN, files: [{ path: 'ci.yml', status: 'deleted', from: null, mode: '000000' }] }),
    ).toHaveLength(1);
  });

  it('refuses a file that declares a volume or a secret store', () => {
    expect(guard({ ...CLEAN, stateHeld: [{ path: 'k8s/db.yml', what: 'PersistentVolumeClaim' }] })).toEqual([
      expect.stringContaining('k8s/db.yml declares a PersistentVolumeClaim, which only people change'),
    ]);
  });

  it('refuses links and submodules, but not their removal', () => {
    const file = { path: 'x', status: 'added', from: null } as const;
    expect(guard({ ...CLEAN, files: [{ ...file, mode: '120000' }] })[0]).toContain('symbolic link');
    expect(guard({ ...CLEAN, files: [{ ...file, mode: '160000' }] })[0]).toContain('submodule');
    expect(guard({ ...CLEAN, files: [{ ...file, status: 'deleted', mode: '120000' }] })).toEqual([]);
  });

  it.each(['[skip ci]', '[ci skip]', '[no ci]', '[Skip Actions]', '***NO_CI***', '[skip-ci]'])('refuses %s', (mark) => {
    expect(withMessage(`Add ${mark}\n\nRefs #7\n\nLamplighter-Run: r.1\n`)).toEqual([
      expect.stringContaining('asks CI to skip'),
    ]);
  });

  it.each([
    'closes #7',
    'Resolved: #7',
    'fix: #7',
    'Closing #7',
    'Fixes acme/shop#7',
    'fixes #99',
    'Closes GH-7',
    'closes https://git.example/acme/shop/issues/7',
  ])('refuses %s, whichever issue it would close', (words) => {
    expect(withMessage(`Add\n\n${words}\nRefs #7\n\nLamplighter-Run: r.1\n`)).toEqual([
      expect.stringContaining('would close'),
    ]);
  });

  it.each(['fix the rounding, see #7', 'prefixes #7', 'fixes the second of 7'])('lets %s pass', (words) => {
    expect(withMessage(`Add\n\n${words}\nRefs #7\n\nLamplighter-Run: r.1\n`)).toEqual([]);
  });

  it('refuses a missing or foreign trailer, a missing reference, and a word that closes the issue', () => {
    expect(withMessage('Add')).toHaveLength(2);
    expect(withMessage('Add\n\nRefs #7\n\nLamplighter-Run: rx1\n')).toEqual([
      expect.stringContaining('Lamplighter-Run: r.1'),
    ]);
    expect(withMessage('Add\n\nRefs #77\n\nLamplighter-Run: r.1\n')).toEqual([expect.stringContaining('Refs #7')]);
    expect(withMessage('Fixes #7\n\nRefs #7\n\nLamplighter-Run: r.1\n')).toEqual([
      expect.stringContaining('would close'),
    ]);
  });
});

describe('added lines of a patch', () => {
  it('are counted on the new side, also where content looks like a header', () => {
    const patch = [
      'diff --git a/a.txt b/a.txt',
      '--- a/a.txt',
      '+++ b/a.txt',
      '@@ -1,3 +1,4 @@ f',
      ' one',
      '--- two',
      '+++ b/fake',
      '+@@ -1 +1 @@',
      ' three',
      '\\ No newline at end of file',
      '',
    ].join('\n');
    expect(addedLines(patch)).toEqual([
      { path: 'a.txt', line: 2, text: '++ b/fake' },
      { path: 'a.txt', line: 3, text: '@@ -1 +1 @@' },
    ]);
  });

  it('keep unusual paths', () => {
    const patch = '--- /dev/null\n+++ "b/\\303\\244 \\"x\\".txt"\n@@ -0,0 +1 @@\n+y\n';
    expect(addedLines(patch)).toEqual([{ path: 'ä "x".txt', line: 1, text: 'y' }]);
  });

  it('of a merge are those that no parent has', () => {
    expect(ownLines('a', 'theirs\nours\nslipped in\n', ['base\nours\n', 'base\ntheirs\n'])).toEqual([
      { path: 'a', line: 3, text: 'slipped in' },
    ]);
  });

  it('of several commits are told apart, also where content looks like the sha of another', () => {
    const [one, two] = ['a'.repeat(40), 'b'.repeat(40)];
    const patches = `${one}\n--- /dev/null\n+++ b/a\n@@ -0,0 +1,2 @@\n+${two}\n+x\n${two}\n--- a/a\n+++ b/a\n@@ -2 +2 @@\n-x\n+y\n`;
    expect([...addedByCommit(patches)]).toEqual([
      [
        one,
        [
          { path: 'a', line: 1, text: two },
          { path: 'a', line: 2, text: 'x' },
        ],
      ],
      [two, [{ path: 'a', line: 2, text: 'y' }]],
    ]);
  });
});
