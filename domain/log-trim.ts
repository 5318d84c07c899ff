/** Of a failing log, what matters: the lines that say what went wrong with a few around them, and the end. Pure, bounded. */
import { headOf, tailOf } from './text.ts';
const TELLING =
  /\b(?:error|fail(?:ed|ure|ing|s)?|fatal|panic(?:ked)?|exception|traceback|assert\w*|denied|refused|not found|no such|cannot|can't|could not|couldn't|undefined|unresolved|missing|timed? ?out|out of memory|killed|segmentation|unhealthy|crash\w*)\b|^\s*(?:E\s|✖|✗|×|!)|\bexit(?:ed)?\b.*\b[1-9]\d*\b/i;
const BEFORE = 2;
const AFTER = 4;
const LAST_LINES = 15;
/** Of a line that is longer than three of these: its beginning, its first complaint, its end. */
const PIECE_CHARS = 130;
const SEARCHED_CHARS = 20_000;

export function trimLog(log: string, limit = 6_000): string {
  // A lone carriage return ends a line too: progress writes over itself, and what comes after it counts.
  const lines = squeezed(log.split(/\r\n|\r|\n/).map((line) => cut(line.trimEnd())));
  const kept = new Set<number>();
  // The end first: it says how it came out. Then the first complaint, which is most often the cause, then those after it.
  for (let at = lines.length - 1; at >= Math.max(0, lines.length - LAST_LINES); at -= 1) {
    kept.add(at);
    if (shown(lines, kept).length <= limit / 2) continue;
    if (kept.size > 1) kept.delete(at);
    break;
  }
  for (const [at, line] of lines.entries()) {
    if (!TELLING.test(line)) continue;
    const before = [...kept];
    const last = Math.min(lines.length - 1, at + AFTER);
    for (let near = Math.max(0, at - BEFORE); near <= last; near += 1) kept.add(near);
    if (shown(lines, kept).length <= limit) continue;
    kept.clear();
    for (const one of before) kept.add(one);
    break;
  }
  return tailOf(shown(lines, kept), limit);
}

/** The end of a log as it is, and of what stands before it what matters: how it ended stands last, the cause may stand first. */
export function shortenLog(log: string, beforeChars: number, endChars: number): string {
  if (log.length <= beforeChars + endChars) return log;
  const end = tailOf(log, endChars);
  const before = log.slice(0, -end.length);
  return `${trimLog(before, beforeChars)}\n[… shortened up to here …]\n${end}`;
}

function cut(line: string): string {
  if (line.length <= 3 * PIECE_CHARS) return line;
  const told = TELLING.exec(line.slice(0, SEARCHED_CHARS))?.index ?? 0;
  const pieces: { from: number; to: number }[] = [];
  for (const from of [0, told, line.length - PIECE_CHARS].toSorted((a, b) => a - b)) {
    const last = pieces.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, from + PIECE_CHARS);
    else pieces.push({ from, to: from + PIECE_CHARS });
  }
  return pieces.map(({ from, to }) => tailOf(headOf(line, to), to - from)).join(' … ');
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
