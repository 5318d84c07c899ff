/**
 * The API, one row a route: who may call it, and what answers. Everything but reading takes a JSON body. Errors are
 * `{error: {code, message, remedy?, field?}}`. Shapes: view.ts.
 */
import { addAct } from './acts.ts';
import { raiseCap, showCaps } from './caps.ts';
import { followAll, followRun } from './event-streams.ts';
import { sendEvidence } from './evidence.ts';
import { addIssue, labelIssue, listIssues, showIssue } from './issues.ts';
import * as operations from './operations.ts';
import { PAGES } from './pages.ts';
import type { Route } from './route.ts';
import { listRuns, showRun, showTranscript } from './runs.ts';
import { createToken, listTokens, revokeToken } from './tokens.ts';
import { askTrial } from './trials.ts';

const API: readonly Route[] = [
  // This process answers / every part works (503 names those that don't).
  { method: 'GET', path: '/livez', scope: 'open', handle: () => operations.alive },
  { method: 'GET', path: '/healthz', scope: 'read', handle: operations.showHealth },
  // Versions, kill switch, allowlist, open runs, parts.
  { method: 'GET', path: '/api/status', scope: 'read', handle: operations.showStatus },
  // ?open ?repo=<key or name> ?issue=<n> ?id=<beginning of an id> ?limit → {runs: RunSummary[]}, newest first.
  { method: 'GET', path: '/api/runs', scope: 'read', handle: listRuns },
  // RunView: the row, its transitions, evidence, acts, effects, spend and links.
  { method: 'GET', path: '/api/runs/:id', scope: 'read', handle: showRun },
  // TranscriptView: every session's inputs, turns and tool results; ?session=<id> ?from=<turn> for a part of it.
  { method: 'GET', path: '/api/runs/:id/transcript', scope: 'read', handle: showTranscript },
  // SSE: `snapshot` (RunView), then rows of the event table; with Last-Event-ID or ?after=<seq>, the rows from there.
  { method: 'GET', path: '/api/runs/:id/events', scope: 'read', handle: followRun },
  // {id?, kind, note} and what the kind wants (api/act-body.ts) → 201 {act, poked}; 409 says why not. Idempotent by id.
  { method: 'POST', path: '/api/runs/:id/acts', scope: 'act', handle: addAct },
  // SSE of every subject; its snapshot is the status.
  { method: 'GET', path: '/api/events', scope: 'read', handle: followAll },
  // The blob, never as a page.
  { method: 'GET', path: '/api/evidence/:id', scope: 'read', handle: sendEvidence },
  // What waits in the lanes, each in its lane's order.
  { method: 'GET', path: '/api/queue', scope: 'read', handle: operations.showQueue },
  // ?repo ?label ?state=open|closed|all → {issues: IssueView[], unreadable: string[]}.
  { method: 'GET', path: '/api/issues', scope: 'read', handle: listIssues },
  // {repo?, title, body?, labels?} → 201 {issue}, where the tracker is a folder of ours.
  { method: 'POST', path: '/api/issues', scope: 'act', handle: addIssue },
  // {issue: IssueView, runs: RunSummary[]}: pickUp says why it is picked up or not.
  { method: 'GET', path: '/api/issues/*repo/:number', scope: 'read', handle: showIssue },
  // {label} → 201 {issue}: one more application of the label; of ready-for-agent, a new release.
  { method: 'POST', path: '/api/issues/*repo/:number/labels', scope: 'act', handle: labelIssue },
  // {id?, repo?, issue} → 201 TrialView: all gates, no push, no word on the issue. Idempotent by id.
  { method: 'POST', path: '/api/trials', scope: 'act', handle: askTrial },
  // ?run ?undelivered → {escalations}.
  { method: 'GET', path: '/api/escalations', scope: 'read', handle: operations.listEscalations },
  // {on, note}: writes and removes both the row and the file.
  { method: 'GET', path: '/api/kill-switch', scope: 'read', handle: operations.showKillSwitch },
  { method: 'PUT', path: '/api/kill-switch', scope: 'operate', handle: operations.putKillSwitch },
  // CapsView: every cap in its window, with what is spent and left / {id?, window: day | month, repo?, usd, note} → 201 {raise, cap}. Idempotent by id.
  { method: 'GET', path: '/api/caps', scope: 'read', handle: showCaps },
  { method: 'POST', path: '/api/caps/raises', scope: 'operate', handle: raiseCap },
  // Read the trackers now; start again what Temporal has lost → {runs, lanes}.
  { method: 'POST', path: '/api/poll', scope: 'operate', handle: operations.pollNow },
  { method: 'POST', path: '/api/recover', scope: 'operate', handle: operations.recover },
  // {name, scopes?, days?} → 201 {token: TokenView, secret}: the secret is shown this once / {tokens}, newest first / {} → {token}.
  { method: 'POST', path: '/api/tokens', scope: 'admin', handle: createToken },
  { method: 'GET', path: '/api/tokens', scope: 'admin', handle: listTokens },
  { method: 'POST', path: '/api/tokens/:id/revoke', scope: 'admin', handle: revokeToken },
];

export const ROUTES: readonly Route[] = [...API, ...PAGES];
