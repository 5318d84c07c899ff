import { describe, expect, it } from 'vitest';
import { isTrusted, judgeEligibility, lastApplication, refusalText, type World } from './eligibility.ts';
import { LABELS, type Actor, type Issue, type LabelEvent } from './issue.ts';

const ada: Actor = { login: 'ada', kind: 'user', permission: 'write' };

function applied(id: string, by: Actor | null = ada, action: 'added' | 'removed' = 'added'): LabelEvent {
  return { id, label: LABELS.ready, action, by, at: 1 };
}

function issueWith(change: Partial<Issue> = {}): Issue {
  return {
    number: 1,
    title: 't',
    body: '',
    state: 'open',
    labels: [LABELS.ready],
    labelEvents: [applied('r1')],
    blockedBy: [],
    url: 'file:///1',
    ...change,
  };
}

const open: World = { killSwitch: false, allowlisted: true, blockers: new Map(), usedReleases: new Set() };

function refusals(issue: Issue, world: World = open): string[] {
  const judged = judgeEligibility(issue, world);
  return judged.eligible ? [] : judged.refusals.map((one) => one.why);
}

describe('judgeEligibility', () => {
  it('an open issue, labelled by a trusted person, is eligible, and says by which release', () => {
    expect(judgeEligibility(issueWith(), open)).toMatchObject({ eligible: true, release: { id: 'r1' } });
  });

  it.each<[string, Actor | null]>([
    ['nobody the tracker can name', null],
    ['a bot with write access', { login: 'ci[bot]', kind: 'bot', permission: 'admin' }],
    ['an account of unknown kind', { login: 'x', kind: 'unknown', permission: 'write' }],
    ['a reader', { login: 'x', kind: 'user', permission: 'read' }],
    ['somebody without access', { login: 'x', kind: 'user', permission: 'none' }],
    ['somebody whose access is not known', { login: 'x', kind: 'user', permission: 'unknown' }],
  ])('labelled by %s: untrusted (invariant 9)', (_who, by) => {
    expect(isTrusted(by)).toBe(false);
    expect(refusals(issueWith({ labelEvents: [applied('r1', by)] }))).toEqual(['untrusted']);
  });

  it('trust is of the last application: an old one by a trusted person does not count', () => {
    const eve: Actor = { login: 'eve', kind: 'user', permission: 'none' };
    expect(refusals(issueWith({ labelEvents: [applied('r1'), applied('r2', eve)] }))).toEqual(['untrusted']);
  });

  it('a label without any application is untrusted', () => {
    expect(refusals(issueWith({ labelEvents: [] }))).toEqual(['untrusted']);
    expect(refusals(issueWith({ labelEvents: [applied('r1'), applied('r2', ada, 'removed')] }))).toEqual(['untrusted']);
  });

  it('a release is used once; a new application of the label is another one (invariant 2)', () => {
    const world = { ...open, usedReleases: new Set(['r1']) };
    const again = [applied('r1'), applied('r2', ada, 'removed'), applied('r3')];

    expect(refusals(issueWith(), world)).toEqual(['release-used']);
    expect(judgeEligibility(issueWith({ labelEvents: again }), world)).toMatchObject({
      eligible: true,
      release: { id: 'r3' },
    });
  });

  it.each([
    ['open', ['blocked']],
    ['unknown', ['blocked']],
    ['closed', []],
  ] as const)('a blocker that is %s: %j', (state, expected) => {
    expect(refusals(issueWith({ body: 'Blocked by #4' }), { ...open, blockers: new Map([[4, state]]) })).toEqual(
      expected,
    );
  });

  it('a blocker that nobody read blocks', () => {
    expect(refusals(issueWith({ blockedBy: [4] }))).toEqual(['blocked']);
  });

  it('gives every reason, not just the first, each in words', () => {
    const world: World = { ...open, killSwitch: true, allowlisted: false };
    const judged = judgeEligibility(issueWith({ state: 'closed', labels: [], blockedBy: [4, 5] }), world);

    const texts = judged.eligible ? [] : judged.refusals.map(refusalText);
    expect(texts).toEqual([
      'the kill switch is on',
      'the repo is not on the allowlist',
      'the issue is closed',
      'the label ready-for-agent is not on the issue',
      'blocked by #4, #5',
    ]);
  });
});

describe('lastApplication', () => {
  it('is null when the last event of the label is a removal, whatever other labels did', () => {
    const other: LabelEvent = { ...applied('o'), label: 'bug' };
    expect(lastApplication([applied('r1'), applied('r2', ada, 'removed'), other], LABELS.ready)).toBeNull();
    expect(lastApplication([applied('r1'), other], LABELS.ready)?.id).toBe('r1');
  });
});
