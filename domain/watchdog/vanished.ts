/** The call for an open run whose workflow is gone: the lane and the watchdog both notice, and call once. */
export function vanishedCall(
  runId: string,
  repo: string | null,
): {
  readonly key: string;
  readonly run: string;
  readonly repo: string | null;
  readonly severity: 'high';
  readonly topic: 'vanished';
  readonly decision: string;
} {
  return {
    key: `vanished/${runId}`,
    run: runId,
    repo,
    severity: 'high',
    topic: 'vanished',
    decision: 'the run has no workflow and no outcome: `lamplighter recover`, or cancel it',
  };
}
