/**
 * The store as those see it who write what models, commands and machines said: no known secret gets past it into a row, an event or a
 * blob (design, section 9). What is read back is what was written. Keys and ids are left alone: they are ours, and must stay what they are.
 */
import type { Store } from '../../store/port.ts';
import { createScrub, type Redaction } from './redact.ts';

/** Scanning more would hold up the worker's only thread; known secrets are struck out of any length. */
const MOST_SCANNED = 256 * 1024;

export function redactingStore(store: Store, redaction: Redaction): Store {
  const { acts, sessions, events, evidence, runs, escalations, control, effects } = store;
  const scrub = createScrub(redaction);
  const scanned = (text: string): string | Promise<string> =>
    text.length > MOST_SCANNED ? redaction.text(text) : scrub(text);
  return {
    ...store,
    runs: {
      ...runs,
      transition: (id, input) => runs.transition(id, redaction.value(input)),
    },
    acts: {
      ...acts,
      add: async (act) => acts.add({ ...act, note: await scanned(act.note) }),
    },
    events: {
      ...events,
      append: (event) => events.append({ ...event, data: redaction.value(event.data) }),
    },
    sessions: {
      ...sessions,
      open: (session) => sessions.open({ ...session, system: redaction.text(session.system) }),
      addInput: (session, key, text, at) => sessions.addInput(session, key, redaction.text(text), at),
      // Not scanned: what a model wrote is what its tools get, and a guess of the scanner would change the work.
      commitTurn: (turn) => sessions.commitTurn({ ...turn, content: redaction.value(turn.content) }),
      putResult: async (result) => sessions.putResult({ ...result, content: await scanned(result.content) }),
    },
    effects: {
      ...effects,
      done: (key, result, repeated, at) => effects.done(key, redaction.value(result), repeated, at),
    },
    evidence: {
      ...evidence,
      put: async (given) =>
        evidence.put({
          ...given,
          summary: redaction.text(given.summary),
          body: await cleanBody(given.body, given.mediaType),
        }),
    },
    escalations: {
      ...escalations,
      raise: (escalation) => escalations.raise({ ...escalation, decision: redaction.text(escalation.decision) }),
    },
    control: {
      ...control,
      setFact: (key, value, at) => control.setFact(key, redaction.value(value), at),
    },
  };

  /** A git bundle is packed: what a commit holds is the guard's to judge, before anything is pushed. */
  async function cleanBody(body: string | Uint8Array, mediaType: string): Promise<string | Uint8Array> {
    const isText = mediaType.startsWith('text/') || mediaType === 'application/json';
    if (typeof body !== 'string' && !isText) return body;
    const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
    // JSON comes from code of ours that scans what it quotes; here it must stay JSON, also where a secret is all digits.
    return mediaType === 'application/json' ? cleanJson(text) : scanned(text);
  }

  function cleanJson(text: string): string {
    const indent = text.startsWith('{\n') || text.startsWith('[\n') ? 2 : undefined;
    return JSON.stringify(redaction.value(JSON.parse(text) as unknown), null, indent);
  }
}
