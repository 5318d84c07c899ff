/**
 * The API, one line a route. Reading needs no token; everything else needs `Authorization: Bearer <operator token>` and a JSON
 * body, and may name a person in `X-Lamplighter-Actor`. Errors are `{error: {code, message, remedy?, field?}}`. Shapes: view.ts.
 */
import { Router } from 'express';
import { addAct } from './acts.ts';
import type { ApiDeps } from './deps.ts';
import { raiseCap, showCaps } from './caps.ts';
import { followAll, followRun } from './event-streams.ts';
import { sendEvidence } from './evidence.ts';
import { addIssue, labelIssue, listIssues, showIssue } from './issues.ts';
import * as operations from './operations.ts';
import { listRuns, showRun, showTranscript } from './runs.ts';
import type { EventTail } from './sse.ts';
import { askTrial } from './trials.ts';

export function routes(deps: ApiDeps, tail: EventTail): Router {
  const router = Router();

  // This process answers / every part works (503 names those that don't).
  router.get('/livez', operations.alive);
  router.get('/healthz', operations.showHealth(deps));
  // Versions, kill switch, allowlist, open runs, parts.
  router.get('/api/status', operations.showStatus(deps));

  // ?open ?repo=<key or name> ?issue=<n> ?id=<beginning of an id> ?limit → {runs: RunSummary[]}, newest first.
  router.get('/api/runs', listRuns(deps));
  // RunView: the row, its transitions, evidence, acts, effects, spend and links.
  router.get('/api/runs/:id', showRun(deps));
  // TranscriptView: every session's inputs, turns and tool results; ?session=<id> ?from=<turn> for a part of it.
  router.get('/api/runs/:id/transcript', showTranscript(deps));
  // SSE: `snapshot` (RunView), then rows of the event table; with Last-Event-ID or ?after=<seq>, the rows from there.
  router.get('/api/runs/:id/events', followRun(deps, tail));
  // {id?, kind, note} and what the kind wants (api/act-body.ts) → 201 {act, poked}; 409 says why not. Idempotent by id.
  router.post('/api/runs/:id/acts', addAct(deps));

  // SSE of every subject; its snapshot is the status.
  router.get('/api/events', followAll(deps, tail));
  // The blob, never as a page.
  router.get('/api/evidence/:id', sendEvidence(deps));

  // What waits in the lanes, each in its lane's order.
  router.get('/api/queue', operations.showQueue(deps));
  // ?repo ?label ?state=open|closed|all → {issues: IssueView[], unreadable: string[]}.
  router.get('/api/issues', listIssues(deps));
  // {repo?, title, body?, labels?} → 201 {issue}, where the tracker is a folder of ours.
  router.post('/api/issues', addIssue(deps));
  // {issue: IssueView, runs: RunSummary[]}: pickUp says why it is picked up or not.
  router.get('/api/issues/*repo/:number', showIssue(deps));
  // {label} → 201 {issue}: one more application of the label; of ready-for-agent, a new release.
  router.post('/api/issues/*repo/:number/labels', labelIssue(deps));

  // {id?, repo?, issue} → 201 TrialView: all gates, no push, no word on the issue. Idempotent by id.
  router.post('/api/trials', askTrial(deps));

  // ?run ?undelivered → {escalations}.
  router.get('/api/escalations', operations.listEscalations(deps));
  // {on, note}: writes and removes both the row and the file.
  router.get('/api/kill-switch', operations.showKillSwitch(deps));
  router.put('/api/kill-switch', operations.putKillSwitch(deps));
  // CapsView: every cap in its window, with what is spent and left / {id?, window: day | month, repo?, usd, note} → 201 {raise, cap}. Idempotent by id.
  router.get('/api/caps', showCaps(deps));
  router.post('/api/caps/raises', raiseCap(deps));
  // Read the trackers now; start again what Temporal has lost → {runs, lanes}.
  router.post('/api/poll', operations.pollNow(deps));
  router.post('/api/recover', operations.recover(deps));

  return router;
}
