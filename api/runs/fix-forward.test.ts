import { describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type Brief, type Progress, type RunState } from '../../domain/stage.ts';
import type { EvidenceRow, RunRow, TransitionRow } from '../../store/port.ts';
import { foldPushes, viewFixForward } from './fix-forward.ts';

const [ONE, TWO, THREE] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
const red = (sha: string) => ({ sha, stage: 'deploy', reason: 'it ended at start' });
const progress = (more: Partial<Progress> = {}): Progress => ({ ...FRESH.progress, ...more });
const brief: Brief = { kind: 'deploy-red', red: red(ONE), main: null };
const fixOf = (sha: string, given: Brief | null, fixes: number): RunState => ({
  stage: 'fix',
  progress: progress({ fixes, red: red(sha), firstRedAt: 1_000 }),
  sha,
  brief: given,
  redMain: null,
  told: false,
  asked: null,
});
const watchOf = (sha: string, more: Partial<Progress> = {}): RunState => ({
  stage: 'watch',
  progress: progress(more),
  sha,
});
const ended = (outcome: 'shipped' | 'superseded', more: Partial<Progress>): RunState => ({
  stage: 'ended',
  progress: progress(more),
  outcome,
  reason: 'r',
});

function rows(states: readonly RunState[]): TransitionRow[] {
  return states.map((state, seq) => ({ seq, stage: state.stage, state, cause: 'c', at: seq * 1_000 }));
}

const told = (states: readonly RunState[]) =>
  foldPushes(rows(states)).map(({ sha, by, verdict }) => `${sha.slice(0, 1)} ${by}: ${verdict ?? 'watched'}`);

describe('the pushes of a run', () => {
  it('are the first and one for each attempt, each with what its deploy came to', () => {
    const mended = { fixes: 1, red: red(ONE) };
    expect(
      told([watchOf(ONE), fixOf(ONE, null, 0), fixOf(ONE, brief, 1), watchOf(TWO, mended), ended('shipped', mended)]),
    ).toEqual(['a first push: red', 'b fix-forward attempt 1: green']);
  });

  it("name a person's retry, and stay as they are when the watch begins again", () => {
    const retry: RunState = {
      stage: 'implement',
      progress: progress({ fixes: 1, red: red(TWO) }),
      brief: { kind: 'retry', by: 'ada', note: 'act 1', main: null },
    };
    expect(
      told([
        watchOf(ONE),
        watchOf(ONE),
        fixOf(ONE, brief, 1),
        watchOf(TWO, { red: red(ONE) }),
        fixOf(TWO, null, 1),
        retry,
        watchOf(THREE, { red: red(TWO) }),
      ]),
    ).toEqual(['a first push: red', 'b fix-forward attempt 1: red', 'c retry by ada: watched']);
  });

  it('of a run that a person was quicker than stay red', () => {
    const mended = { red: red(ONE) };
    expect(told([watchOf(ONE), fixOf(ONE, null, 0), ended('superseded', mended)])).toEqual(['a first push: red']);
  });
});

describe('the view of a red deploy', () => {
  const evidence = [
    { id: 'e1', kind: 'deploy', sha: ONE, verdict: 'red' },
    { id: 'e2', kind: 'deploy', sha: TWO, verdict: 'green' },
  ] as unknown as EvidenceRow[];
  const body = async (): Promise<Uint8Array> =>
    new TextEncoder().encode(JSON.stringify({ log: 'starting\nError: no settings' }));
  const view = (states: readonly RunState[]) =>
    viewFixForward(
      { body },
      { state: states.at(-1), bounds: { ...DEFAULT_BOUNDS, fixMs: 60_000 } } as unknown as RunRow,
      rows(states),
      evidence,
    );

  it('carries the log of the red evidence, the attempts made and until when another may start', async () => {
    const seen = await view([watchOf(ONE), fixOf(ONE, brief, 1)]);

    expect(seen).toMatchObject({ made: 1, allowed: 5, until: 61_000 });
    expect(seen?.pushes[0]?.red).toMatchObject({ evidence: 'e1', log: expect.stringContaining('Error: no settings') });
  });

  it('is none where nothing was red, and has no clock once the run has ended', async () => {
    expect(await view([watchOf(ONE)])).toBe(null);
    expect(await view([watchOf(ONE), ended('superseded', { red: red(ONE), firstRedAt: 1_000 })])).toMatchObject({
      until: null,
    });
  });
});
