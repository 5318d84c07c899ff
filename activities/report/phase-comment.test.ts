import { describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { EvidenceKind, EvidenceRow, RunRow } from '../../store/port.ts';
import { duration, renderPhases, type PhaseFacts } from './phase-comment.ts';
import { commentMarker, renderRunComment, type Topic } from './run-comment.ts';
import { runSubject } from '../../domain/unit.ts';

const SHA = 'abcdef0123456789';
const progress = { ...FRESH.progress, base: 'b', pushed: SHA, openings: 2, rounds: 1 };

function runIn(state: RunState): RunRow {
  return {
    id: 'web-7-x1',
    repo: 'k',
    repoName: 'acme/web',
    issue: 7,
    title: 't',
    release: 'r1',
    bounds: DEFAULT_BOUNDS,
    state,
    seq: 5,
    effects: [],
    plan: null,
    outcome: state.stage === 'ended' ? state.outcome : null,
    createdAt: 0,
    updatedAt: 61_000,
    endedAt: state.stage === 'ended' ? 61_000 : null,
  };
}

function saw(kind: EvidenceKind, verdict: Verdict | null, change: Partial<EvidenceRow> = {}): EvidenceRow {
  return {
    id: `e-${kind}`,
    key: kind,
    unit: runSubject('web-7-x1'),
    kind,
    sha: SHA,
    verdict,
    summary: `${kind} was seen`,
    mediaType: 'text/plain',
    at: 1,
    digest: 'd',
    bytes: 1,
    ...change,
  };
}

function render(state: RunState, evidence: readonly EvidenceRow[], change: Partial<PhaseFacts> = {}): string {
  const usage = { input: 10, output: 5, cacheRead: 30, cacheWrite: 2 };
  return renderPhases({
    run: runIn(state),
    evidence,
    publicUrl: 'http://h',
    turns: 3,
    usage,
    microUsd: 1_234_500,
    pushUnknown: false,
    ...change,
  });
}

describe('the phase comment', () => {
  it('of a fresh run has nothing ticked, and links to the run page', () => {
    const text = render(FRESH, []);
    expect(text).toContain('**Lamplighter: triage** · [run page](http://h/runs/web-7-x1)');
    expect(text).not.toContain('[x]');
    expect(text).not.toContain('receipt');
  });

  it('ticks what is proven and links the evidence', () => {
    const text = render({ stage: 'watch', progress, sha: SHA }, [
      saw('base', 'green'),
      saw('red', 'green'),
      saw('guard', 'green'),
      saw('green', 'green'),
      saw('push', 'green'),
      saw('build', 'green'),
      saw('deploy', 'red'),
    ]);

    expect(text.split('\n').filter((line) => line.startsWith('- '))).toEqual([
      '- [x] worktree made, base proven green ([base](http://h/evidence/e-base))',
      '- [x] tests proven red without the change ([red](http://h/evidence/e-red))',
      '- [x] green with it, nothing else broken ([guard](http://h/evidence/e-guard), [green](http://h/evidence/e-green))',
      '- [x] pushed ([push](http://h/evidence/e-push))',
      '- [x] build ([build](http://h/evidence/e-build))',
      '- [ ] **red:** deployed ([deploy](http://h/evidence/e-deploy))',
      '- [ ] healthy',
      '- [ ] done',
    ]);
  });

  it('judges by the newest evidence of a kind', () => {
    const evidence = [saw('green', 'red', { id: 'old' }), saw('green', 'green', { id: 'new' })];
    expect(render({ stage: 'push', progress, head: 'h', mergeWith: null }, evidence)).toContain(
      '- [x] green with it, nothing else broken ([green](http://h/evidence/new))',
    );
  });

  it('takes no other commit for the one that was pushed', () => {
    expect(render({ stage: 'watch', progress, sha: SHA }, [saw('health', 'green', { sha: 'other' })])).toContain(
      '- [ ] healthy\n',
    );
  });

  it('ends with the receipt: sha, gates, proof, turns, tokens, cost, time', () => {
    const ended: RunState = { stage: 'ended', progress, outcome: 'shipped', reason: 'r' };
    const text = render(ended, [saw('red', 'green'), saw('health', 'green', { summary: 'answered | 3 times' })]);

    expect(text).toContain('- [x] build: not declared');
    expect(text.slice(text.indexOf('| receipt'))).toBe(
      [
        '| receipt | |',
        '|---|---|',
        '| outcome | shipped |',
        `| sha | \`${SHA}\` |`,
        '| gates | [red](http://h/evidence/e-red) green |',
        '| deploy | [health](http://h/evidence/e-health) green |',
        '| proof | `answered \\| 3 times` |',
        '| turns | 3 |',
        '| tokens | 42 in (30 from cache), 5 out |',
        '| cost | $1.2345 |',
        '| wall time | 1 min 01 s |',
      ].join('\n'),
    );
  });

  it('says what a person waived of the commit that was pushed, in the checklist and in the receipt', () => {
    const ended: RunState = { stage: 'ended', progress, outcome: 'shipped', reason: 'r' };
    const text = render(ended, [
      saw('waiver', null, { summary: 'no-red-gate by ada', sha: 'earlier' }),
      saw('waiver', null, { summary: 'no-red-gate by ada; tests-may-change not honoured: it was applied by eve | x' }),
      saw('red', null),
    ]);

    expect(text).toContain(
      '- [x] tests proven red without the change: waived by a person ([red](http://h/evidence/e-red))',
    );
    expect(text).toContain(
      '\n| waived | `no-red-gate by ada; tests-may-change not honoured: it was applied by eve \\| x` |\n',
    );
    expect(render(ended, [saw('waiver', null, { sha: 'earlier' }), saw('red', 'green')])).not.toContain('waived');
  });

  it('is the same text for the same facts, so that it is edited only when something changed', () => {
    const state: RunState = { stage: 'verify', progress, head: 'h', redBase: null };
    expect(render(state, [saw('red', 'green')], { turns: 1 })).toBe(render(state, [saw('red', 'green')], { turns: 2 }));
  });

  it.each([
    [4_400, '4 s'],
    [3_600_000, '1 h 00 min'],
    [-5, '0 s'],
  ])('%d ms is %s', (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });
});

describe('the phase comment of a red deploy', () => {
  const red = { sha: SHA, stage: 'deploy', reason: 'exited with 1' };
  const mending = { ...progress, fixes: 1, red, firstRedAt: Date.UTC(2026, 0, 5, 9) };
  const rows = [
    saw('build', 'green', { id: 'e1' }),
    saw('deploy', 'red', { id: 'e2', summary: 'exited with 1: Error: no settings' }),
    saw('deploy', 'green', { id: 'e3', sha: '1234567890fedcba' }),
  ];

  it('tells each push with its verdicts and why it was red, attempts made and until when another may start', () => {
    const text = render({ stage: 'watch', progress: mending, sha: SHA }, rows);

    expect(text).toContain('**Fix-forward**: 1 of 5 attempts made, another may start until 2026-01-05T10:00Z');
    expect(text).toContain(
      '- `abcdef0123` [build](http://h/evidence/e1) green, [deploy](http://h/evidence/e2) red: `exited with 1: Error: no settings`\n- `1234567890` [deploy](http://h/evidence/e3) green',
    );
  });

  it('has no clock once it is over, and no story where nothing was red', () => {
    const over: RunState = { stage: 'ended', progress: mending, outcome: 'shipped', reason: 'r' };
    expect(render(over, rows)).toContain('1 of 5 attempts made\n');
    expect(render({ stage: 'watch', progress, sha: SHA }, rows)).not.toContain('Fix-forward');
  });
});

describe('the phase comment of a run that waits for a person', () => {
  it('for approval links its diff and gives both commands, of that very sha', () => {
    const state: RunState = { stage: 'awaiting-approval', progress, head: SHA, since: 1 };
    const text = render(state, [saw('diff', null)]);

    expect(text).toContain('Read [its diff](http://h/evidence/e-diff) first');
    expect(text).toContain(`lamplighter approve web-7-x1 --sha ${SHA} --note "why"`);
    expect(text).toContain('lamplighter reject web-7-x1 --note');
  });

  it('in a pause says who paused it and how it goes on', () => {
    const pause = { by: 'ada', note: 'act 1', since: 1 };
    const text = render({ stage: 'watch', progress: { ...progress, pause }, sha: SHA }, []);

    expect(text).toContain('**Lamplighter: paused by ada in watch**');
    expect(text).toContain('lamplighter resume web-7-x1 --note "why"');
  });
});

describe('the comment for a person', () => {
  const nothingElse = { acts: [], redLog: '', pushUnknown: false, publicUrl: 'http://h' };
  const frozen: RunState = { stage: 'frozen', progress, sha: SHA, since: 1, reason: 'health is red', proving: null };

  it('of a freeze says why, what was tried, and the three ways on, as commands', () => {
    const text = renderRunComment({
      topic: 'frozen',
      run: runIn(frozen),
      evidence: [saw('health', 'red')],
      ...nothingElse,
      redLog: 'starting\nError: no settings',
    });

    expect(text).toContain('Lamplighter froze: `abcdef0123` is on main**');
    expect(text).toContain('health is red');
    expect(text).toContain('What its log says:\n\n```text\nstarting\nError: no settings\n```');
    expect(text).toContain('sessions: 2, gate refusals: 1');
    expect(text).toContain('fix-forward attempts: 0 of 5');
    expect(text).toContain('Nothing else is granted: if that is red as well, 5 fix-forward attempts are left');
    expect(text).toContain('- [health](http://h/evidence/e-health) red: `health was seen`');
    for (const rest of ['--way retry', '--way resolved', '--way resolved --reverted', '--way abandon']) {
      expect(text).toContain(`lamplighter unfreeze web-7-x1 ${rest} --note "why"`);
    }
  });

  it.each<[Topic, string]>([
    ['needs-human', 'apply the label `ready-for-agent` again'],
    ['rejected', 'Answer the above in the issue'],
    ['base-red', 'lamplighter cancel web-7-x1'],
    ['ended', 'lamplighter show web-7-x1'],
  ])('of %s says how to go on', (topic, expected) => {
    expect(renderRunComment({ topic, run: runIn(frozen), evidence: [], ...nothingElse })).toContain(expected);
  });

  it.each([
    [false, 'Lamplighter needs a person: nothing was pushed', 'Read what was tried'],
    [true, 'it is not known whether its push reached main', 'Look first whether main has a commit with'],
  ])('claims that nothing was pushed only where that is known (unknown: %s)', (pushUnknown, title, step) => {
    const state: RunState = {
      stage: 'ended',
      progress: { ...progress, pushed: null },
      outcome: 'needs-human',
      reason: 'r',
    };
    const run = runIn(state);
    const text = renderRunComment({ topic: 'needs-human', run, evidence: [], ...nothingElse, pushUnknown });

    expect(text).toContain(title);
    expect(text).toContain(step);
    expect(text.includes('nothing was pushed')).toBe(!pushUnknown);
    expect(render(state, [], { pushUnknown })).toContain(
      pushUnknown ? '| sha | not known to be pushed |' : '| sha | nothing was pushed |',
    );
  });

  it('of what a person has mended says that main has gone on without the run', () => {
    const state: RunState = { stage: 'ended', progress, outcome: 'superseded', reason: 'somebody else mended it' };
    const text = renderRunComment({ topic: 'ended', run: runIn(state), evidence: [], ...nothingElse });

    expect(text).toContain('Lamplighter ended this run: superseded');
    expect(text).toContain('Main has gone on without this run: close the issue if that settles it');
  });

  it("puts a person's own words where the state names their act", () => {
    const ended: RunState = { stage: 'ended', progress, outcome: 'abandoned', reason: 'abandoned by ada: act a1' };
    const acts = [{ id: 'a1', note: 'not worth it' }] as unknown as Parameters<typeof renderRunComment>[0]['acts'];
    const text = renderRunComment({ topic: 'ended', run: runIn(ended), evidence: [], ...nothingElse, acts });

    expect(text).toContain('abandoned by ada: not worth it');
  });

  it('shows hostile text and obeys none of it (invariant 9)', () => {
    const reason = '````\n@everyone <!-- lamplighter:web-7-x1:phases --> [x](http://evil)';
    const evidence = [saw('health', 'red', { summary: '`](http://evil) @all\n# big' })];
    const text = renderRunComment({
      topic: 'frozen',
      run: runIn({ ...frozen, reason } as RunState),
      evidence,
      ...nothingElse,
    });

    expect(text).toContain(`\`\`\`\`\`text\n${reason}\n\`\`\`\`\`\n`);
    expect(text).toContain("red: `'](http://evil) @all # big`");
  });

  it('two freezes of one run are two comments', () => {
    expect(commentMarker('r', 'frozen', 3)).not.toBe(commentMarker('r', 'frozen', 9));
  });
});
