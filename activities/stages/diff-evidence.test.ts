import { describe, expect, it } from 'vitest';
import { boundedDiff, statOf } from './diff-evidence.ts';

const PATCH = `diff --git a/a.mjs b/a.mjs
index 1..2 100644
--- a/a.mjs
+++ b/a.mjs
@@ -1,2 +1,3 @@
 kept
--- an old comment
+new
+\u001b[2Jnewer
diff --git a/b.mjs b/b.mjs
new file mode 100644
--- /dev/null
+++ b/b.mjs
@@ -0,0 +1 @@
+one
`;

describe('the diff as evidence', () => {
  it('counts files and lines, and takes no header for a line', () => {
    expect(statOf(PATCH)).toBe('2 files, +3 −1');
    expect(statOf('')).toBe('0 files, +0 −0');
  });

  it('is whole while it is short, with nothing that a terminal obeys', () => {
    expect(boundedDiff(PATCH, 10_000)).toBe(PATCH.replace('\u001b', '\ufffd'));
  });

  it('is cut at the end of a line, and says how much is left out', () => {
    const cut = boundedDiff(PATCH, PATCH.indexOf('newer') + 2);

    expect(cut).toMatch(/\n\+new\n\[… \d+ more characters of this diff are left out/);
    const left = Number(/… (\d+) more/.exec(cut)?.[1]);
    expect(left).toBe(PATCH.length - cut.indexOf('[…'));
  });
});
