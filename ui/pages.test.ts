import { describe, expect, it } from 'vitest';
import type { CapView, IssueView, RunSummary, RunView } from '../api/views/view.ts';
import { capsPage } from './caps-page.ts';
import { command } from './command.ts';
import { duration, money } from './format.ts';
import { escapeHtml, html } from './html.ts';
import { issuesPage } from './issues-page.ts';
import { runsPage } from './runs-page.ts';
import { runPage } from './run-page.ts';
import { stageTrack } from './stages.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e`;

const killSwitch = { on: true, row: true, file: true, by: HOSTILE, note: HOSTILE, at: 0 };
const summary: RunSummary = {
  id: `id${HOSTILE}`,
  repo: 'k',
  repoName: HOSTILE,
  issue: 1,
  title: HOSTILE,
  group: 'needs-you',
  stage: 'frozen',
  outcome: null,
  reason: HOSTILE,
  trouble: HOSTILE,
  sha: HOSTILE,
  createdAt: 0,
  updatedAt: 0,
  endedAt: null,
};
const progress: RunView['run']['state']['progress'] = {
  base: HOSTILE,
  pushed: HOSTILE,
  onto: HOSTILE,
  openings: 1,
  rounds: 0,
  races: 0,
  fixes: 0,
  firstRedAt: null,
  red: { sha: HOSTILE, stage: HOSTILE, reason: HOSTILE },
  sessionMs: 0,
  granted: { microUsd: 0, turns: 0, sessionMs: 0, rounds: 0, fixes: 0 },
  ask: false,
  trial: false,
  pause: null,
};
const state = { stage: 'frozen', progress, sha: HOSTILE, since: 0, reason: HOSTILE, proving: null } as const;
const bounds = {
  verifyRounds: 1,
  turns: 1,
  sessionMs: 1,
  issueMicroUsd: 1,
  races: 1,
  fixAttempts: 1,
  fixMs: 1,
  watchMs: 1,
};
const at = (seq: number, stage: RunView['run']['stage'], seconds: number) => ({
  seq,
  stage,
  state,
  cause: HOSTILE,
  at: seconds * 1000,
});
const view: RunView = {
  killSwitch,
  run: {
    ...summary,
    release: HOSTILE,
    seq: 0,
    state,
    plan: { acceptanceCriteria: [HOSTILE], testPlan: HOSTILE, risks: [HOSTILE] },
    bounds,
  },
  transitions: [
    at(0, 'triage', 0),
    at(1, 'implement', 2),
    at(2, 'verify', 5),
    at(3, 'implement', 6),
    at(4, 'implement', 8),
    at(5, 'frozen', 10),
  ],
  evidence: [
    {
      id: HOSTILE,
      key: 'k',
      run: 'r',
      kind: 'red',
      sha: HOSTILE,
      verdict: 'red',
      summary: HOSTILE,
      mediaType: HOSTILE,
      digest: HOSTILE,
      bytes: 1,
      at: 0,
    },
  ],
  escalations: [
    {
      key: 'frozen/1',
      run: 'r',
      repo: 'acme-shop',
      severity: 'high',
      topic: HOSTILE,
      decision: HOSTILE,
      at: 1,
      deliveredAt: null,
    },
  ],
  acts: [
    {
      seq: 1,
      id: 'a',
      run: 'r',
      data: { kind: 'escalate' },
      words: 'escalate',
      by: { name: HOSTILE, kind: 'token', scopes: [] },
      note: HOSTILE,
      at: 0,
      takenAt: null,
    },
  ],
  effects: [{ key: HOSTILE, name: HOSTILE, class: 'provable', attempts: 1, done: true, repeated: false }],
  spend: { runMicroUsd: 0, issueMicroUsd: 0, capMicroUsd: 0, turns: 0 },
  fixForward: {
    made: 1,
    allowed: 2,
    until: 120_000,
    pushes: [
      {
        sha: HOSTILE,
        by: HOSTILE,
        at: 0,
        verdict: 'red',
        red: { stage: HOSTILE, reason: HOSTILE, evidence: HOSTILE, log: HOSTILE },
      },
    ],
  },
  moves: ['--way retry', '--way resolved', '--way resolved --reverted', '--way abandon'].map((rest) => ({
    name: 'retry',
    what: `Grants nothing. ${HOSTILE}`,
    command: `lamplighter unfreeze ${HOSTILE} ${rest} --note "why"`,
  })),
  approval: null,
  holds: [{ text: HOSTILE, remedy: HOSTILE }],
  links: { page: HOSTILE, temporal: 'javascript:alert(3)', commandPlace: HOSTILE },
};
const session = {
  id: HOSTILE,
  at: 0,
  inputs: [{ session: 's', key: HOSTILE, beforeTurn: 1, text: HOSTILE, at: 0 }],
  turns: [
    {
      session: 's',
      turn: 1,
      content: [
        { type: 'text', text: HOSTILE },
        { type: 'thinking', thinking: HOSTILE },
        { type: 'tool_use', id: 't', name: HOSTILE, input: { command: HOSTILE } },
        { type: HOSTILE, html: HOSTILE },
        HOSTILE,
        null,
      ],
      stopReason: HOSTILE,
      model: HOSTILE,
      usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      microUsd: 0,
      at: 0,
    },
  ],
  results: [{ session: 's', turn: 1, toolUseId: 't', content: HOSTILE, isError: true, at: 0 }],
};
const waiting: RunView = {
  ...view,
  run: {
    ...view.run,
    stage: 'awaiting-approval',
    state: { stage: 'awaiting-approval', progress, head: 'a'.repeat(40), since: 0 },
  },
  moves: [
    { name: 'approve', what: 'It is pushed.', command: `lamplighter approve id --sha ${'a'.repeat(40)} --note "why"` },
  ],
  approval: {
    head: 'a'.repeat(40),
    since: 0,
    diff: { evidence: HOSTILE, text: `diff --git a/x b/x\n+++ b/x\n+${HOSTILE}\n-old\n`, whole: true },
  },
};
const paused: RunView = {
  ...view,
  moves: [{ name: 'resume', what: 'It goes on.', command: 'lamplighter resume id --note "why"' }],
  run: {
    ...view.run,
    stage: 'watch',
    state: { stage: 'watch', progress: { ...progress, pause: { by: HOSTILE, note: HOSTILE, since: 0 } }, sha: HOSTILE },
  },
};
const issue: IssueView = {
  number: 1,
  title: HOSTILE,
  body: HOSTILE,
  state: 'open',
  labels: [HOSTILE],
  labelEvents: [],
  blockedBy: [],
  url: HOSTILE,
  repo: HOSTILE,
  repoName: HOSTILE,
  pickUp: { asked: true, run: null, refusals: [{ why: 'cap', text: HOSTILE, remedy: HOSTILE }] },
};
const cap: CapView = {
  key: HOSTILE,
  window: 'day',
  repo: HOSTILE,
  repoName: HOSTILE,
  endsAt: 0,
  capMicroUsd: 1,
  raisedMicroUsd: 1,
  spentMicroUsd: 2,
  leftMicroUsd: 0,
  reached: true,
  raises: [{ id: HOSTILE, microUsd: 1, by: HOSTILE, note: HOSTILE, at: 0 }],
};
const PLACE = { after: 0, seen: '' };

function pageOf(of: RunView): string {
  return runPage({ view: of, transcript: { sessions: [session] }, now: 12_000 }, PLACE);
}

/** What a person copies from it. */
function wordsOf(page: string): string {
  return page.replace(/<[^>]*>/g, '');
}

describe('pages of hostile data (invariant 9)', () => {
  const pages = {
    runs: runsPage(
      {
        runs: [summary],
        now: 1,
        killSwitch,
        parts: [{ name: HOSTILE, ok: false, detail: HOSTILE }],
        queued: 0,
        holds: [{ text: HOSTILE, remedy: HOSTILE }],
        allow: [HOSTILE],
        repos: [],
        links: { temporal: `javascript:${HOSTILE}`, commandPlace: ` --data-dir '${HOSTILE}'` },
      },
      PLACE,
    ),
    run: pageOf(view),
    approval: pageOf(waiting),
    paused: pageOf(paused),
    issues: issuesPage({ issues: [issue], unreadable: [HOSTILE] }),
    caps: capsPage({ now: 1, caps: [cap] }, ` --data-dir '${HOSTILE}'`),
  };

  it.each(Object.entries(pages))('%s: every word of it is text', (_name, page) => {
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img (?!src="\/assets)/);
    expect(page).not.toContain('\u202e');
    expect(page).not.toContain('javascript:');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it.each(Object.entries(pages))(
    '%s: nothing inline, which the content security policy would refuse',
    (_name, page) => {
      expect(page).not.toMatch(/<[^>]+\s(?:on\w+|style)="/);
      expect(page).not.toContain('<style');
    },
  );

  it('a frozen run shows its three ways out as commands', () => {
    for (const way of ['retry', 'resolved', 'resolved --reverted', 'abandon'])
      expect(wordsOf(pages.run)).toContain(`--way ${way} --note`);
    expect(pages.run).toContain('Grants nothing.');
  });

  it('what waits for approval is shown with its diff and the command of that very sha', () => {
    expect(wordsOf(pages.approval)).toContain(`--sha ${'a'.repeat(40)} --note`);
    expect(pages.approval).toMatch(/<span class="diff-added">\+&quot;&gt;/);
    expect(pages.approval).toContain('<span class="diff-removed">-old\n</span>');
    expect(pages.approval).toMatch(/<span class="stage">approval</);
    expect(pages.approval).not.toContain('unfreeze');
  });

  it('a paused run says how it goes on', () => {
    expect(pages.paused).toContain('Paused in watch');
    expect(wordsOf(pages.paused)).toContain('lamplighter resume id');
  });

  it('a red deploy is told push by push, with its log and what is left of the bounds', () => {
    expect(pages.run).toContain('1 of 2 attempts made, 1 min left to start another');
    expect(pages.run).toContain('What the log says, as the agent reads it');
    expect(pageOf({ ...view, fixForward: null })).not.toContain('Fix-forward</h2>');
  });
});

describe('the stage track', () => {
  it('adds up time and visits, and knows what lies ahead', () => {
    const marks = stageTrack(view, 12_000);
    expect(marks.map(({ label, standing, visits, ms }) => [label, standing, visits, ms])).toEqual([
      ['triage', 'passed', 1, 2000],
      ['prepare', 'ahead', 0, 0],
      ['implement', 'passed', 2, 7000],
      ['verify', 'passed', 1, 1000],
      ['push', 'ahead', 0, 0],
      ['watch', 'ahead', 0, 0],
      ['frozen', 'here', 1, 2000],
      ['ended', 'ahead', 0, 0],
    ]);
  });
});

describe('a command to copy', () => {
  it('keeps every character, and may break between its words only', () => {
    const { text } = command('lamplighter resume id --note "two words"');
    expect(wordsOf(text)).toBe('lamplighter resume id --note &quot;two words&quot;');
    expect(text).toContain('<span class="word">--note</span> <span');
  });
});

describe('figures and markup', () => {
  it.each([
    [900, '0.9 s'],
    [59_400, '59 s'],
    [61_000, '1 min'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [50 * 3_600_000, '2 d'],
    [-5, '0.0 s'],
  ])('%i ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('small money keeps its digits', () => {
    expect([money(0), money(1_200), money(412_300)]).toEqual(['$0.00', '$0.0012', '$0.41']);
  });

  it('only html made by html stays markup', () => {
    expect(html`<p>${html`<b>${'<i>'}</b>`}${[1, '&', null, false]}</p>`.text).toBe('<p><b>&lt;i&gt;</b>1&amp;</p>');
    expect(escapeHtml(`<>&"'`)).toBe('&lt;&gt;&amp;&quot;&#39;');
  });
});
