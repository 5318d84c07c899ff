/** Marks in test files that keep a test from being judged: skipped, focused, expected to fail. By file name, on one added line. */
interface MarkRule {
  readonly files: RegExp;
  readonly marks: readonly RegExp[];
  /** Rust keeps its tests beside the code, so its rule holds for every file. */
  readonly everywhere?: true;
}

const RULES: readonly MarkRule[] = [
  {
    files: /\.[cm]?[jt]sx?$/,
    marks: [
      /\b(?:describe|it|test|suite|context|specify|bench)(?:\.\w+)*\.(?:skip|only|todo|fails|failing|skipIf|runIf)\b/,
      /\b(?:t|ctx|context|this)\.(?:skip|todo|runOnly)\s*\(/,
      /\b(?:xit|xtest|xdescribe|xcontext|xspecify|fit|fdescribe|fcontext)\s*[(.`]/,
      // Runners' options; the same words with other values are data, such as a page's `skip: 10`.
      /[{,]\s*['"]?(?:skip|only|todo|expectFailure)['"]?\s*:\s*true\b/,
      /[{,]\s*['"]?skip['"]?\s*:\s*['"`]/,
    ],
  },
  {
    files: /\.pyi?$/,
    marks: [
      /\bmark\.(?:skip|skipif|xfail)\b/,
      /\bpytest\.(?:skip|xfail|importorskip)\s*\(/,
      /\bunittest\.(?:skip|skipIf|skipUnless|expectedFailure)\b/,
      /^\s*@(?:skip|skipIf|skipUnless|expectedFailure)\b/,
      /\.skipTest\s*\(/,
      /\bcollect_ignore(?:_glob)?\b/,
    ],
  },
  { files: /\.go$/, marks: [/\b[A-Za-z]\w*\.(?:Skip|SkipNow|Skipf)\s*\(/] },
  { files: /\.rs$/, marks: [/#\[\s*(?:cfg_attr\s*\(.*,\s*)?ignore\b/], everywhere: true },
  { files: /\.(?:java|kt|groovy)$/, marks: [/@(?:Disabled|Ignore)\b/] },
];

/** The mark that an added line carries, or null. */
export function skipMark(path: string, text: string, isTest: boolean): string | null {
  for (const rule of RULES) {
    if (!rule.files.test(path) || !(isTest || rule.everywhere === true)) continue;
    for (const mark of rule.marks) {
      const found = mark.exec(text);
      if (found !== null) return found[0].trim();
    }
  }
  return null;
}
