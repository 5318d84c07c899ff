/**
 * A path in git is bytes. Here it is text that gives the bytes back: what is UTF-8 stands as it is, and any other byte as a lone
 * surrogate (U+DC80 to U+DCFF), which no UTF-8 decodes to. So no two names become one.
 */
const ESCAPE = 0xdc00;
/** With `u` half of a pair is no match: only what stands for a byte is. */
const LONE = /([\udc80-\udcff])/u;
const IS_LONE = /^[\udc80-\udcff]$/u;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export function pathOfBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    // Not UTF-8 as a whole: then character by character.
  }
  let path = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceAt(bytes, at);
    path +=
      length === 0 ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0)) : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return path;
}

/** Of the UTF-8 character that begins there; 0 where none does. */
function sequenceAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    return at + length <= bytes.length && strict.decode(bytes.subarray(at, at + length)).length > 0 ? length : 0;
  } catch {
    return 0;
  }
}

export function bytesOfPath(path: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const part of path.split(LONE)) {
    parts.push(IS_LONE.test(part) ? Uint8Array.of(part.charCodeAt(0) - ESCAPE) : encoder.encode(part));
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Controls, line ends and what turns the direction of text: a name with one reads as another, and globs don't see past it. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const PART_BYTES = 255;
const PATH_BYTES = 1_000;

/** What is wrong with a name that a change brings, fit to stand behind "its name"; null when nothing is. */
export function nameFault(path: string): string | null {
  if (LONE.test(path)) return 'is not UTF-8';
  if (CONTROLS.test(path)) return 'holds control characters';
  if (path.split('/').some((part) => encoder.encode(part).length > PART_BYTES))
    return `has a part of more than ${PART_BYTES} bytes, which no file system takes`;
  return encoder.encode(path).length > PATH_BYTES ? `has more than ${PATH_BYTES} bytes` : null;
}

/** As git writes it: quoted, with escapes, where the bytes are not fit to be read; cut where it is long. */
export function pathInWords(path: string): string {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  if (!LONE.test(shown) && !CONTROLS.test(shown)) return shown.toWellFormed();
  const escaped = Array.from(shown, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    if (!LONE.test(character) && !CONTROLS.test(character)) return character.toWellFormed();
    return [...bytesOfPath(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  });
  return `"${escaped.join('')}"`;
}
