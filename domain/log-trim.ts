/** Of a failing log, what matters: the lines that say what went wrong with a few around them, and the end. Pure, bounded. */
const TELLING =
  /\b(?:error|fail(?:ed|ure|ing|s)?|fatal|panic(?:ked)?|exception|traceback|assert\w*|denied|refused|not found|no such|cannot|can't|could not|couldn't|undefined|unresolved|missing|timed? ?out|out of memory|killed|segmentation|unhealthy|crash\w*)\b|^\s*(?:E\s|✖|✗|×|!)|\bexit(?:ed)?\b.*\b[1-9]\d*\b/i;
const BEFORE = 2;
const AFTER = 4;
const LAST_LINES = 15;
const LINE_CHARS = 400;

export function trimLog(log: string, limit = 6_000): string {
  const lines = squeezed(log.split(/\r?\n/).map((line) => line.trimEnd().slice(0, LINE_CHARS)));
  const kept = new Set<number>();
  const keep = (from: number, to: number): void => {
    for (let at = Math.max(0, from); at <= Math.min(lines.length - 1, to); at += 1) kept.add(at);
  };
  // The end first: it says how it came out. Then the first complaint, which is most often the cause, then those after it.
  keep(lines.length - LAST_LINES, lines.length - 1);
  for (const [at, line] of lines.entries()) {
    if (!TELLING.test(line)) continue;
    const before = [...kept];
    keep(at - BEFORE, at + AFTER);
    if (shown(lines, kept).length <= limit) continue;
    kept.clear();
    for (const one of before) kept.add(one);
    break;
  }
  return shown(lines, kept).slice(-limit);
}

/** A line that repeats says no more than once. */
function squeezed(lines: readonly string[]): string[] {
  return lines.filter((line, at) => line !== lines[at - 1]);
}

function shown(lines: readonly string[], kept: ReadonlySet<number>): string {
  const parts: string[] = [];
  let last = -1;
  for (const at of [...kept].toSorted((a, b) => a - b)) {
    if (at > last + 1) parts.push(`[… ${at - last - 1} lines left out …]`);
    parts.push(lines[at] ?? '');
    last = at;
  }
  return parts.join('\n').trim();
}
