/** The added lines of a unified diff as git prints it. */
export interface AddedLine {
  readonly path: string;
  /** Line number on the new side, from 1. */
  readonly line: number;
  readonly text: string;
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

export function addedLines(patch: string): AddedLine[] {
  const added: AddedLine[] = [];
  let path: string | null = null;
  let line = 0;
  // Inside a hunk its own counts say what is content: an added line may itself look like a header.
  let olds = 0;
  let news = 0;
  for (const text of patch.split('\n')) {
    if (olds > 0 || news > 0) {
      if (text.startsWith('\\')) continue;
      if (!text.startsWith('+')) olds -= 1;
      if (text.startsWith('-')) continue;
      news -= 1;
      if (text.startsWith('+') && path !== null) added.push({ path, line, text: text.slice(1) });
      line += 1;
      continue;
    }
    const hunk = HUNK.exec(text);
    if (hunk !== null) {
      olds = Number(hunk[1] ?? 1);
      line = Number(hunk[2]);
      news = Number(hunk[3] ?? 1);
    } else if (text.startsWith('+++ ')) {
      path = newPath(text.slice(4));
    }
  }
  return added;
}

function newPath(field: string): string | null {
  const name = field.startsWith('"') ? unquote(field) : field.replace(/\t$/, '');
  return name === '/dev/null' ? null : name.replace(/^b\//, '');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Git quotes unusual paths as C strings, bytes above 127 in octal. */
function unquote(field: string): string {
  const percent = field
    .slice(1, field.lastIndexOf('"'))
    .replace(/%/g, '%25')
    .replace(/\\([0-7]{3}|.)/g, (_whole, code: string) =>
      /^[0-7]{3}$/.test(code)
        ? `%${Number.parseInt(code, 8).toString(16).padStart(2, '0')}`
        : encodeURIComponent(ESCAPES[code] ?? code),
    );
  try {
    return decodeURIComponent(percent);
  } catch {
    // Bytes that are not UTF-8: the path stays readable in its escaped form.
    return percent;
  }
}

/** What a merge itself adds: the lines that it adds against every parent. */
export function addedByAll(sides: readonly (readonly AddedLine[])[]): AddedLine[] {
  const [first = [], ...others] = sides;
  const keys = others.map((side) => new Set(side.map((one) => `${one.path}\0${one.text}`)));
  return first.filter((one) => keys.every((key) => key.has(`${one.path}\0${one.text}`)));
}
