/** How a run ends. */
export const OUTCOMES = [
  'shipped',
  'needs-human',
  'abandoned',
  'cancelled',
  'rejected',
  'superseded',
  /** A trial whose gates all passed: nothing was pushed. */
  'tried',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
