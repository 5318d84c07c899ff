/**
 * Marks in test files that keep a test from being judged: skipped, focused, expected to fail, or a runner that was tampered with. By file name, on
 * one added line.
 */
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
  {
    files: /\.go$/,
    marks: [/\b[A-Za-z]\w*\.(?:Skip|SkipNow|Skipf)\s*\(/, /^\/\/\s*(?:go:build|\+build)\s.*\bignore\b/],
  },
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

const TAMPERING: readonly { readonly files: RegExp; readonly marks: readonly RegExp[] }[] = [
  {
    files: /\.[cm]?[jt]sx?$/,
    marks: [
      /\b(?:assert|expect)(?:\.\w+)+\s*=(?![=>])/,
      /\b(?:Object\.(?:assign|definePropert(?:y|ies)|setPrototypeOf)|Reflect\.set)\(\s*(?:assert|expect)\b/,
      /\b(?:assert|expect)(?:\.\w+)*\s*\[[^\]]+\]\s*=(?![=>])/,
    ],
  },
  {
    files: /\.py$/,
    marks: [
      /\bdef\s+pytest_(?:runtest|collection|collect|pycollect|ignore_collect|pyfunc_call|sessionfinish|unconfigure|cmdline|report|exception|deselected|itemcollected)\w*/,
      /\boption\.xmlpath\b|\bgetoption\(\s*["'](?:--junit-?xml|xmlpath)/,
      /\bcollect_ignore(?:_glob)?\b/,
      /\bunittest\.TestCase\.\w+\s*=(?!=)/,
      /\bsetattr\(\s*unittest\.TestCase\b/,
    ],
  },
  {
    files: /\.go$/,
    marks: [
      // The runner's own options, and the byte by which `go test -json` knows what the runner says from what a test prints.
      /\bflag\.(?:CommandLine\.)?Set\(\s*"test\./,
      /\\(?:x16|026|u0016)(?:---|===)/,
    ],
  },
];

/**
 * Code that reaches into the runner, its assertions or its report; null when there is none. Production code is loaded into the runner as tests are,
 * so it makes no difference which it is.
 */
export function harnessMark(path: string, text: string): string | null {
  // The report's place is told to the runner by the contract; nothing else has any use for it.
  if (!/\.(?:md|rst|txt|adoc)$/.test(path) && /LAMPLIGHTER_REPORT|lamplighter-report/.test(text))
    return 'LAMPLIGHTER_REPORT';
  for (const rule of TAMPERING) {
    if (!rule.files.test(path)) continue;
    for (const mark of rule.marks) {
      const found = mark.exec(text);
      if (found !== null) return found[0].trim();
    }
  }
  return null;
}

/** A line of `.gitattributes` that changes what git shows of a file, checks out or merges. */
export function isHidingAttribute(path: string, text: string): boolean {
  return (
    /(?:^|\/)\.gitattributes$/.test(path) &&
    /\s(?:[-!]?(?:diff|merge|filter|binary|ident|working-tree-encoding|export-ignore|export-subst)(?:=|\s|$)|\[attr\])|^\s*\[attr\]/.test(
      text,
    )
  );
}
