/** What a host prints is data: it can't move a cursor, colour a line, or fill a memory. */
import { stripVTControlCharacters } from 'node:util';

export function plainLine(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '');
}

/** Bytes up to a limit; what comes after is counted and let go. */
export interface Bounded {
  take(chunk: Buffer): void;
  readonly full: boolean;
  text(): string;
}

export function bounded(limitBytes: number): Bounded {
  const kept: Buffer[] = [];
  let length = 0;
  return {
    take(chunk) {
      const room = limitBytes - length;
      length += chunk.length;
      if (room > 0) kept.push(chunk.subarray(0, room));
    },
    get full() {
      return length > limitBytes;
    },
    text: () => Buffer.concat(kept).toString('utf8'),
  };
}

export interface LineLimits {
  readonly lines: number;
  readonly characters: number;
}

/** Whole lines as they come, cleaned and cut. A line without an end is given when it is too long, or at the end. */
export function lineReader(
  limits: LineLimits,
  onLine: (line: string) => void,
): { take(chunk: Buffer): void; end(): void } {
  const decoder = new TextDecoder();
  let rest = '';
  let given = 0;
  const give = (line: string): void => {
    const clean = plainLine(line).trimEnd();
    if (clean === '' || given > limits.lines) return;
    given += 1;
    onLine(given > limits.lines ? '(it says more, which is left out)' : clean.slice(0, limits.characters));
  };
  return {
    take(chunk) {
      const pieces = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = pieces.pop() ?? '';
      for (const piece of pieces) give(piece);
      if (rest.length > limits.characters) {
        give(rest);
        rest = '';
      }
    },
    end() {
      give(rest);
      rest = '';
    },
  };
}
