/** Streamed text as events, in batches: what people watch live, while the turn that counts is written when it is whole. */
import type { Events } from '../../store/port.ts';

export interface TextStreamDeps {
  readonly events: Pick<Events, 'append'>;
  readonly subject: string;
  readonly key: { readonly session: string; readonly turn: number; readonly attempt: number };
  readonly now: () => number;
}

export interface TextStream {
  readonly onText: (delta: string, offset: number) => void;
  /** Writes what is left; throws what went wrong in an earlier write. */
  end(): Promise<void>;
}

const BATCH_MS = 200;

export function createTextStream({ events, subject, key, now }: TextStreamDeps): TextStream {
  let waiting: { readonly offset: number; text: string } | null = null;
  let timer: NodeJS.Timeout | null = null;
  let failure: { readonly error: unknown } | null = null;
  let writing: Promise<void> = Promise.resolve();

  function flush(): void {
    timer = null;
    if (waiting === null) return;
    const data = { ...key, ...waiting };
    waiting = null;
    writing = writing
      .then(async () => {
        await events.append({ at: now(), subject, kind: 'text.delta', data });
      })
      .catch((error: unknown) => {
        failure ??= { error };
      });
  }

  return {
    onText(delta, offset) {
      if (waiting === null) waiting = { offset, text: delta };
      else waiting.text += delta;
      timer ??= setTimeout(flush, BATCH_MS);
    },
    async end() {
      if (timer !== null) clearTimeout(timer);
      flush();
      await writing;
      if (failure !== null) throw failure.error;
    },
  };
}
