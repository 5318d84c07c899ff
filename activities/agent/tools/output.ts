/** What a command said, in as many characters as a model should read. */
import type { CommandResult } from '../../sandbox/port.ts';
import { headOf, tailOf } from '../../../domain/text.ts';

/** About ten thousand tokens. */
export const SHOWN_CHARACTERS = 30_000;

export interface BoundedText {
  readonly shown: string;
  /** Null when nothing was left out. */
  readonly full: string | null;
}

/** Head and tail: the beginning says what ran, the end says how it went. */
export function boundText(text: string, limit = SHOWN_CHARACTERS): BoundedText {
  if (text.length <= limit) return { shown: text, full: null };
  const half = Math.floor(limit / 2);
  const left = text.length - 2 * half;
  return {
    shown: `${headOf(text, half)}\n[… ${left} characters left out; narrow the command, or write to a file and read parts of it …]\n${tailOf(text, half)}`,
    full: text,
  };
}

/** Output and how the command ended, in one text. */
export function resultText(result: CommandResult, wallMs: number): string {
  const parts = [
    result.stdout.trimEnd(),
    result.stderr.trim() === '' ? '' : `[stderr]\n${result.stderr.trimEnd()}`,
    result.droppedBytes > 0 ? `[${result.droppedBytes} bytes of output were not kept]` : '',
    endText(result, wallMs),
  ].filter((part) => part !== '');
  return parts.join('\n');
}

function endText(result: CommandResult, wallMs: number): string {
  switch (result.end) {
    case 'exited':
      return `[exit code ${result.code}]`;
    case 'timeout':
      return `[ended after ${Math.round(wallMs / 1000)} s: the time ran out, and everything it had started was ended with it. Run something smaller, or ask for more with timeout_seconds]`;
    case 'aborted':
      return STOPPED;
    case 'signalled':
      return '[ended by a signal: it passed a limit on memory, processor time, processes or file size, or ended itself]';
  }
}

export const STOPPED = '[stopped by a person or the kill switch: it may have run in part]';
