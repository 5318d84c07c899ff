import type { Migration } from './migration.ts';

/**
 * What a turn costs is what is new in it: a transcript is read from where it was read to, and of a turn that is committed nothing is kept
 * twice. Text as it streamed is in the turn; what is left of it from before goes here.
 */
export const flatTurns: Migration = {
  number: 6,
  name: 'flat-turns',
  statements: [
    'CREATE INDEX session_inputs_in_order ON session_inputs (session, position)',
    'CREATE INDEX tool_results_in_order ON tool_results (session, position)',
    "DELETE FROM events WHERE kind = 'text.delta'",
    "CREATE INDEX events_of_text ON events (subject) WHERE kind = 'text.delta'",
  ],
};
