/** The pages for people: rendered here, live by the same events, whole without JavaScript. */
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Request } from 'express';
import { capsPage } from '../ui/caps-page.ts';
import { evidencePage } from '../ui/evidence.ts';
import { issuesPage } from '../ui/issues-page.ts';
import { messagePage } from '../ui/layout.ts';
import { runPage } from '../ui/run-page.ts';
import { runsPage } from '../ui/runs-page.ts';
import { viewCaps } from './caps/caps.ts';
import { commandPlace } from './http/command-place.ts';
import { notFound } from './http/errors.ts';
import type { ErrorBody } from './views/view.ts';
import { isText, viewEvidence } from './runs/evidence.ts';
import { readGateEvidence } from './runs/gate-evidence.ts';
import { viewIssues } from './issues/issues.ts';
import { viewOverview } from './status/overview-changes.ts';
import { seenOfRuns, seenOfStatus } from './status/standing.ts';
import { pathParam } from './http/parse.ts';
import type { RawRoute, Route } from './http/route.ts';
import { viewRun, viewTranscript } from './runs/runs.ts';

type Handle = RawRoute['handle'];

/** A browser chokes on more; the whole is one click away. */
const SHOWN_BYTES = 1024 * 1024;
const ASSETS = ['style.css', 'runs.css', 'tests.css', 'live.js', 'favicon.svg'];
/** What live.js draws with: the very modules that the pages are drawn with here. */
const MODULES = readdirSync(new URL('../ui/', import.meta.url)).filter((name) => /^[\w-]+\.ts$/.test(name));

const showRuns: Handle = (deps) => async (_req, res) => {
  // The place before the rows: an event in between is shown twice, never missed.
  const after = await deps.store.events.last();
  const overview = await viewOverview(deps);
  res.type('html').send(runsPage(overview, { after, seen: seenOfStatus(overview) }));
};

const showIssues: Handle = (deps) => async (_req, res) => {
  const { issues, unreadable } = await viewIssues(deps, deps.config.repos);
  const open = issues.filter((issue) => issue.state === 'open');
  res.type('html').send(issuesPage({ issues: open, unreadable }));
};

const showCaps: Handle = (deps) => async (_req, res) => {
  const place = commandPlace(deps.config.dataDir);
  res.type('html').send(capsPage(await viewCaps(deps), place));
};

const showRun: Handle = (deps) => async (req, res) => {
  const id = pathParam(req, 'id');
  const after = await deps.store.events.last();
  const seen = await seenOfRuns(deps);
  const [view, transcript] = await Promise.all([viewRun(deps, id), viewTranscript(deps.store, id)]);
  res.type('html').send(runPage({ view, transcript, now: deps.now() }, { after, seen }));
};

const showEvidence: Handle = (deps) => async (req, res) => {
  const id = pathParam(req, 'id');
  const evidence = await deps.store.evidence.get(id);
  const body = evidence === null ? null : await deps.store.evidence.body(id);
  if (evidence === null || body === null) throw notFound(`evidence ${JSON.stringify(id.slice(0, 100))}`);
  const text = isText(evidence.mediaType) ? new TextDecoder().decode(body.subarray(0, SHOWN_BYTES)) : null;
  const clippedFrom = text !== null && body.byteLength > SHOWN_BYTES ? body.byteLength : null;
  const gate = await readGateEvidence(deps.store.evidence, evidence);
  res.type('html').send(evidencePage({ evidence: viewEvidence(evidence), text, clippedFrom, gate, now: deps.now() }));
};

const asset = (name: string): Handle => {
  const path = fileURLToPath(new URL(`../ui/${name}`, import.meta.url));
  return () => (_req, res) => res.sendFile(path, { cacheControl: false });
};

/** Node's own way to take the types out; the browser reads the rest as it is. */
const script = (name: string): Handle => {
  const read = (): string => stripTypeScriptTypes(readFileSync(new URL(`../ui/${name}`, import.meta.url), 'utf8'));
  let text: string | null = null;
  return () => (_req, res) => void res.type('text/javascript').send((text ??= read()));
};

const page = (path: string, summary: string, handle: Handle): Route => ({
  method: 'GET',
  path,
  scope: 'read',
  summary,
  answers: 'page',
  handle,
});

const file = (name: string, handle: Handle): Route => ({
  method: 'GET',
  path: `/assets/${name}`,
  scope: 'open',
  summary: 'A file of the pages',
  answers: 'file',
  handle,
});

export const PAGES: readonly Route[] = [
  page('/', 'Page of the runs', showRuns),
  page('/issues', 'Page of the open issues', showIssues),
  page('/caps', 'Page of the caps', showCaps),
  page('/runs/:id', 'Page of a run', showRun),
  page('/evidence/:id', 'Page of a piece of evidence', showEvidence),
  ...ASSETS.map((name) => file(name, asset(name))),
  ...MODULES.map((name) => file(name, script(name))),
];

/** An error as a page, where a person's browser asked for one. */
export function presentError(req: Request, status: number, error: ErrorBody['error']): string | null {
  const forPeople = !req.path.startsWith('/api/') && req.accepts(['json', 'html']) === 'html';
  if (!forPeople) return null;
  return messagePage(status === 404 ? 'Not found' : 'That did not work', error.message, error.remedy ?? null);
}
