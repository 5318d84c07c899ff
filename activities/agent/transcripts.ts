/**
 * Transcripts as this process has read them: each look asks the store for what is new. Rows are never changed, so what was read stays
 * true; a process that starts reads all of it once. A reader keeps what it was given, whatever others read meanwhile.
 */
import { LRUCache } from 'lru-cache';
import type { Place, Sessions, Transcript } from '../../store/port.ts';

export interface Transcripts {
  /** As it stands now. */
  read(session: string): Promise<Transcript>;
}

/** Sessions at work in one process; of others the next look reads all. */
const MOST_SESSIONS = 32;

export function createTranscripts(sessions: Pick<Sessions, 'after'>): Transcripts {
  const known = new LRUCache<string, { readonly transcript: Transcript; readonly place: Place }>({
    max: MOST_SESSIONS,
  });
  return {
    async read(session) {
      const before = known.get(session);
      const { fresh, place } = await sessions.after(session, before?.place ?? null);
      const transcript = before === undefined ? fresh : joined(before.transcript, fresh);
      known.set(session, { transcript, place });
      return transcript;
    },
  };
}

function joined(before: Transcript, fresh: Transcript): Transcript {
  return {
    inputs: [...before.inputs, ...fresh.inputs],
    turns: [...before.turns, ...fresh.turns],
    results: [...before.results, ...fresh.results],
  };
}
