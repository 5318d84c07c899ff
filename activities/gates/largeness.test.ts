/** What a change may be at most is counted before it is read; and names that no report could give are refused, by name. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { contractOf, openRig, type Rig, type Tree } from './gates-rig.ts';

const PASS = '<testsuite name="s"><testcase name="a"/></testsuite>';
const FAIL = '<testsuite name="s"><testcase name="a"><failure message="no"/></testcase></testsuite>';
const report = (xml: string): string => `printf '%s' '${xml}' > "$LAMPLIGHTER_REPORT"`;
const contract = contractOf({ test: 'eval "$(cat program*)"', timeoutSeconds: 20 });
const BASE = {
  'program.txt': `if [ -e test/red ] && [ ! -e code ]; then ${report(FAIL)}; exit 1; fi\n${report(PASS)}`,
};
const CHANGE = { 'test/red': 'x', code: 'x' };

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

async function findingsOf(base: string, head: string): Promise<readonly string[]> {
  const verified = await rig.verify(base, head, contract);
  if (verified.kind !== 'refused') throw new Error(`expected a refusal, got ${JSON.stringify(verified)}`);
  // Nothing of it was run.
  expect(rig.ran).toEqual([]);
  return verified.findings;
}

describe.skipIf(!has('bwrap'))('a change', () => {
  it('of a million paths, made of a few objects, is refused likewise, and not listed to its end', async () => {
    const base = await rig.commit(BASE);
    await rig.commit(CHANGE);
    const paths = 'for i in 0 1 2 3 4 5 6 7 8 9';
    const wide = `entry="100644 blob $(echo x | git hash-object -w --stdin)"; for level in 1 2 3 4 5 6; do entry="040000 tree $(${paths}; do printf '%s\\td${'d'.repeat(30)}%s\\n' "$entry" $i; done | git mktree)"; done`;
    inRepo(
      `${wide}; tree=$( (git ls-tree HEAD; printf '%s\\tbomb\\n' "$entry") | git mktree); git update-ref HEAD "$(git cat-file commit HEAD | sed "1s/.*/tree $tree/" | git hash-object -t commit -w --stdin)"`,
    );
    const head = rig.git('rev-parse', 'HEAD').trim();

    expect(rig.git('rev-list', '--count', `${base}..${head}`).trim()).toBe('1');
    expect(await findingsOf(base, head)).toEqual([expect.stringMatching(/more files than can be counted.*the 500/)]);
  });

  it('of 4,002 files is refused at once, with the bound, the number and what to do', async () => {
    const base = await rig.commit(BASE);
    const files = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`made/f${n}.txt`, `${n}\n`]));
    const head = await rig.commit({ ...CHANGE, ...files });
    const begun = performance.now();
    const findings = await findingsOf(base, head);

    expect(findings).toEqual([
      expect.stringMatching(/touches 4002 files, more than the 500 .*only what the issue needs/),
    ]);
    // A second or two where nothing else runs; reading it took minutes.
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  it(
    'whose commits touch far more files than it does in the end is refused likewise',
    { timeout: 120_000 },
    async () => {
      const base = await rig.commit(BASE);
      let head = base;
      for (let round = 0; round < 6; round += 1) {
        const made = Array.from({ length: 1_000 }, (_, n) => `made/${round}/f${n}.txt`);
        await rig.commit(Object.fromEntries(made.map((path) => [path, 'x\n'])));
        head = await rig.commit({ ...CHANGE, ...Object.fromEntries(made.map((path) => [path, null])) });
      }
      expect(await findingsOf(base, head)).toEqual([
        expect.stringMatching(/touch 12\d{3} files, one after the other, more than the 10000/),
      ]);
    },
  );

  it.each<readonly [string, (big: Tree) => Tree]>([
    ['that it adds', (big) => big],
    ['that a later commit takes out again', () => ({ 'big.bin': null })],
  ])('is refused for a large file %s, by its name and size', async (_name, last) => {
    const base = await rig.commit(BASE);
    const big = { 'big.bin': 'x'.repeat(40 * 1024 ** 2) };
    await rig.commit({ ...CHANGE, ...big });
    const head = await rig.commit({ 'more.txt': 'x\n', ...last(big) });

    expect(await findingsOf(base, head)).toEqual([expect.stringMatching(/big\.bin has 40 MB .*more than the 32 MB/)]);
  });

  it('that takes a large file away is judged: it need not be read', async () => {
    const base = await rig.commit({ ...BASE, 'big.bin': 'x'.repeat(70 * 1024 ** 2) });
    const head = await rig.commit({ ...CHANGE, 'big.bin': null });

    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });

  it.each([
    ['is not UTF-8', 'caf\\351.txt', '"test/caf\\351.txt"'],
    ['holds control characters', 'a\\nb.txt', '"test/a\\012b.txt"'],
    ['has a part of more than 255 bytes', 'x'.repeat(300), `test/${'x'.repeat(195)}…`],
  ])('is refused for a file whose name %s, by that name', async (why, name, shown) => {
    const base = await rig.commit(BASE);
    await rig.commit(CHANGE);
    inRepo(
      `blob=$(echo x | git hash-object -w --stdin); printf '100644 %s\\ttest/${name}\\0' "$blob" | git update-index -z --index-info; git commit -q --amend -C HEAD; git checkout -q -f 2>/dev/null || true`,
    );
    const head = rig.git('rev-parse', 'HEAD').trim();

    const findings = await findingsOf(base, head);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toContain(`${shown} can't be judged, because its name ${why}`);
  });

  it('may take a file away whose name is not UTF-8, beside others whose names differ in that byte alone', async () => {
    await rig.commit(BASE);
    inRepo('for byte in 350 351; do printf x > "$(printf "caf\\\\$byte.txt")"; done; git add -A; git commit -q -m odd');
    const base = rig.git('rev-parse', 'HEAD').trim();
    inRepo('git rm -q "$(printf \'caf\\351.txt\')"');
    const head = await rig.commit(CHANGE);

    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });
});

function inRepo(script: string): void {
  const who = { GIT_AUTHOR_NAME: 't', GIT_AUTHOR_EMAIL: 't@example.invalid' };
  const env = { ...process.env, ...who, GIT_COMMITTER_NAME: 't', GIT_COMMITTER_EMAIL: 't@example.invalid' };
  execFileSync('/bin/sh', ['-ec', script], { cwd: join(rig.dir, 'repo'), env, stdio: 'pipe' });
}
