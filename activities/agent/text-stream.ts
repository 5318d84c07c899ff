/**
 * Streamed text as events, in batches: what people watch live, while the turn that counts is written when it is whole. An end that may
 * be the beginning of a known secret waits for what follows, so that no secret passes in two halves.
 */
import type { Events } from '../../store/port.ts';
import { headOf } from '../../domain/text.ts';
import type { Redaction } from '../evidence/redact.ts';

export interface TextStreamDeps {
  readonly events: Pick<Events, 'append'>;
  readonly subject: string;
  readonly key: { readonly session: string; readonly turn: number; readonly attempt: number };
  readonly redaction: Redaction;
  readonly now: () => number;
}

export interface TextStream {
  readonly onText: (delta: string) => void;
  /** Writes what is left; throws what went wrong in an earlier write. */
  end(): Promise<void>;
}

const BATCH_MS = 200;

export function createTextStream({ events, subject, key, redaction, now }: TextStreamDeps): TextStream {
  let waiting = '';
  /** Characters written so far: what is struck out has a length of its own. */
  let offset = 0;
  let timer: NodeJS.Timeout | null = null;
  let failure: { readonly error: unknown } | null = null;
  let writing: Promise<void> = Promise.resolve();

  function flush(isLast: boolean): void {
    timer = null;
    const settled = headOf(waiting, isLast ? waiting.length : redaction.settled(waiting));
    // Half a character at the end waits for its other half.
    const whole = isLast || settled.isWellFormed() ? settled : settled.slice(0, -1);
    const text = redaction.text(whole);
    waiting = waiting.slice(whole.length);
    if (text === '') return;
    const data = { ...key, offset, text };
    offset += text.length;
    writing = writing
      .then(async () => {
        await events.append({ at: now(), subject, kind: 'text.delta', data });
      })
      .catch((error: unknown) => {
        failure ??= { error };
      });
  }

  return {
    onText(delta) {
      waiting += delta;
      timer ??= setTimeout(() => flush(false), BATCH_MS);
    },
    async end() {
      if (timer !== null) clearTimeout(timer);
      flush(true);
      await writing;
      if (failure !== null) throw failure.error;
    },
  };
}
