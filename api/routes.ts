/**
 * The API, one row a route: who may call it, what it takes, what it answers. The document at /openapi.json is made of it.
 * Everything but reading takes a JSON body. Errors are `{error: {code, message, remedy?, field?}}`.
 */
import { actBody } from './runs/act-body.ts';
import { addAct } from './runs/acts.ts';
import { raiseBody, raiseCap, showCaps } from './caps/caps.ts';
import { followAll, followRun, placeQuery } from './streams/event-streams.ts';
import { sendEvidence } from './runs/evidence.ts';
import { addIssue, issuesQuery, labelIssue, listIssues, newIssue, newLabel, showIssue } from './issues/issues.ts';
import * as operations from './status/operations.ts';
import { PAGES } from './pages.ts';
import { nothing } from './http/parse.ts';
import { json, type Route } from './http/route.ts';
import { listRuns, runsQuery, showRun, showTranscript, transcriptQuery } from './runs/runs.ts';
import { createToken, listTokens, newTokenBody, revokeToken } from './auth/tokens.ts';
import { askTrial, newTrial } from './issues/trials.ts';
import { overviewChanged, runChanged } from './views/change.ts';
import * as issue from './views/issue.ts';
import * as whole from './views/operations.ts';
import * as run from './views/run.ts';
import { transcript } from './views/transcript.ts';

const RUNS: readonly Route[] = [
  json({
    method: 'GET',
    path: '/api/runs',
    scope: 'read',
    summary: 'Runs, newest first',
    query: runsQuery,
    refusals: [404],
    schema: run.runList,
    reply: listRuns,
  }),
  json({
    method: 'GET',
    path: '/api/runs/:id',
    scope: 'read',
    summary: 'One run: what happened, what proves it, what a person can do',
    schema: run.runView,
    reply: showRun,
  }),
  json({
    method: 'GET',
    path: '/api/runs/:id/transcript',
    scope: 'read',
    summary: "Every session's inputs, turns and tool results, or a part of them",
    query: transcriptQuery,
    schema: transcript,
    reply: showTranscript,
  }),
  {
    method: 'GET',
    path: '/api/runs/:id/events',
    scope: 'read',
    summary: 'Server-sent events of a run: a snapshot, then its events; or, from a place on, the events alone',
    query: placeQuery,
    answers: 'events',
    snapshot: run.runView,
    changes: runChanged,
    handle: followRun,
  },
  json({
    method: 'POST',
    path: '/api/runs/:id/acts',
    scope: 'act',
    summary: 'Do something to a run; once by its id',
    body: actBody,
    refusals: [409],
    statuses: [201, 200],
    schema: run.givenAct,
    reply: addAct,
  }),
  {
    method: 'GET',
    path: '/api/events',
    scope: 'read',
    summary:
      'Server-sent events of everything: the status and the newest runs, then the events; or, from a place on, the events alone',
    query: placeQuery,
    answers: 'events',
    snapshot: whole.overview,
    changes: overviewChanged,
    handle: followAll,
  },
  {
    method: 'GET',
    path: '/api/evidence/:id',
    scope: 'read',
    summary: 'What a gate or watcher saw, redacted, as it was stored; never as a page',
    answers: 'blob',
    handle: sendEvidence,
  },
];

const ISSUES: readonly Route[] = [
  json({
    method: 'GET',
    path: '/api/issues',
    scope: 'read',
    summary: 'Issues, each with whether it is picked up and why not',
    query: issuesQuery,
    refusals: [404],
    schema: issue.issueList,
    reply: listIssues,
  }),
  json({
    method: 'POST',
    path: '/api/issues',
    scope: 'act',
    summary: 'Write an issue, where the tracker is a folder of ours',
    body: newIssue,
    refusals: [404, 409],
    statuses: [201],
    schema: issue.addedIssue,
    reply: addIssue,
  }),
  json({
    method: 'GET',
    path: '/api/issues/*repo/:number',
    scope: 'read',
    summary: 'One issue and its newest runs',
    schema: issue.oneIssue,
    reply: showIssue,
  }),
  json({
    method: 'POST',
    path: '/api/issues/*repo/:number/labels',
    scope: 'act',
    summary: 'Apply a label once more; of ready-for-agent, a new release',
    body: newLabel,
    refusals: [409],
    statuses: [201],
    schema: issue.addedIssue,
    reply: labelIssue,
  }),
  json({
    method: 'POST',
    path: '/api/trials',
    scope: 'act',
    summary: 'Try an issue: all gates, no push, no word on the issue; once by its id',
    body: newTrial,
    refusals: [404, 409],
    statuses: [201],
    schema: issue.trial,
    reply: askTrial,
  }),
];

const WHOLE: readonly Route[] = [
  json({
    method: 'GET',
    path: '/livez',
    scope: 'open',
    summary: 'This process answers',
    schema: whole.alive,
    reply: operations.alive,
  }),
  json({
    method: 'GET',
    path: '/healthz',
    scope: 'read',
    summary: 'Every part works; 503 names those that do not',
    statuses: [200, 503],
    schema: whole.health,
    reply: operations.showHealth,
  }),
  json({
    method: 'GET',
    path: '/api/status',
    scope: 'read',
    summary: 'Version, kill switch, allowlist, open runs, what holds, parts',
    schema: whole.status,
    reply: operations.showStatus,
  }),
  json({
    method: 'GET',
    path: '/api/queue',
    scope: 'read',
    summary: "What waits in the lanes, each in its lane's order",
    schema: whole.queue,
    reply: operations.showQueue,
  }),
  json({
    method: 'GET',
    path: '/api/escalations',
    scope: 'read',
    summary: 'Calls for a person, oldest first',
    query: operations.escalationsQuery,
    schema: run.escalationList,
    reply: operations.listEscalations,
  }),
  json({
    method: 'GET',
    path: '/api/kill-switch',
    scope: 'read',
    summary: "The operator's stop",
    schema: whole.killSwitchAnswer,
    reply: operations.showKillSwitch,
  }),
  json({
    method: 'PUT',
    path: '/api/kill-switch',
    scope: 'operate',
    summary: 'Turn the stop on or off: both the row and the file',
    body: operations.killSwitchBody,
    schema: whole.killSwitchAnswer,
    reply: operations.putKillSwitch,
  }),
  json({
    method: 'GET',
    path: '/api/caps',
    scope: 'read',
    summary: 'Every cap in its window, with what is spent and left',
    schema: whole.caps,
    reply: showCaps,
  }),
  json({
    method: 'POST',
    path: '/api/caps/raises',
    scope: 'operate',
    summary: 'Add to one cap until its window ends; once by its id',
    body: raiseBody,
    refusals: [404, 409],
    statuses: [201, 200],
    schema: whole.raised,
    reply: raiseCap,
  }),
  json({
    method: 'POST',
    path: '/api/poll',
    scope: 'operate',
    summary: 'Read the trackers now',
    body: nothing,
    statuses: [202],
    schema: whole.polling,
    reply: operations.pollNow,
  }),
  json({
    method: 'POST',
    path: '/api/recover',
    scope: 'operate',
    summary: 'Start again what the store says is open and Temporal has lost',
    body: nothing,
    schema: whole.recovered,
    reply: operations.recover,
  }),
];

const TOKENS: readonly Route[] = [
  json({
    method: 'POST',
    path: '/api/tokens',
    scope: 'admin',
    summary: 'Make a token; its text is in this answer alone',
    body: newTokenBody,
    statuses: [201],
    schema: whole.newToken,
    reply: createToken,
  }),
  json({
    method: 'GET',
    path: '/api/tokens',
    scope: 'admin',
    summary: 'Tokens, newest first',
    schema: whole.tokenList,
    reply: listTokens,
  }),
  json({
    method: 'POST',
    path: '/api/tokens/:id/revoke',
    scope: 'admin',
    summary: 'End a token: refused from now on, and its event streams end',
    body: nothing,
    schema: whole.oneToken,
    reply: revokeToken,
  }),
];

const DOCUMENT: Route = {
  method: 'GET',
  path: '/openapi.json',
  scope: 'open',
  summary: 'This document',
  answers: 'file',
  handle: (deps) => async (_req, res) => {
    // Loaded with the first reader: nobody else needs it.
    const { openApiDocument } = await import('./http/openapi.ts');
    res.json(openApiDocument(ROUTES, { version: deps.version, url: deps.config.api.publicUrl }));
  },
};

export const ROUTES: readonly Route[] = [...RUNS, ...ISSUES, ...WHOLE, ...TOKENS, DOCUMENT, ...PAGES];
