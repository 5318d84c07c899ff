import { describe, expect, it } from 'vitest';
import { DEPLOY_STAGES, foldVerdict, nextStage, type DeployStage, type StageVerdict, type Verdict } from './verdict.ts';

function saw(stage: DeployStage, verdict: Verdict): StageVerdict {
  return { stage, verdict, reason: 'r', evidence: [] };
}

describe('foldVerdict', () => {
  it('nothing declared is pending, never green', () => {
    expect(foldVerdict([], [])).toBe('pending');
    expect(foldVerdict([], [saw('health', 'green')])).toBe('pending');
  });

  it.each<[string, StageVerdict[], 'green' | 'red' | 'pending']>([
    ['all green', [saw('build', 'green'), saw('deploy', 'green'), saw('health', 'green')], 'green'],
    ['one unseen', [saw('build', 'green'), saw('health', 'green')], 'pending'],
    ['one pending', [saw('build', 'green'), saw('deploy', 'pending'), saw('health', 'green')], 'pending'],
    ['one unknown is not green', [saw('build', 'green'), saw('deploy', 'unknown'), saw('health', 'green')], 'pending'],
    ['any red', [saw('build', 'green'), saw('deploy', 'red')], 'red'],
    ['red beside green of the same stage', [saw('build', 'green'), saw('build', 'red')], 'red'],
    [
      'green after pending of the same stage',
      [saw('build', 'pending'), saw('build', 'green'), saw('deploy', 'green'), saw('health', 'green')],
      'green',
    ],
  ])('%s', (_case, seen, expected) => {
    expect(foldVerdict(['build', 'deploy', 'health'], seen)).toBe(expected);
  });

  it('is green in no combination that holds anything but green', () => {
    const verdicts: Verdict[] = ['green', 'red', 'pending', 'unknown'];
    for (let code = 0; code < 4 ** 4; code += 1) {
      const seen = DEPLOY_STAGES.map((stage, index) =>
        saw(stage, verdicts[Math.floor(code / 4 ** index) % 4] ?? 'unknown'),
      );
      const allGreen = seen.every((one) => one.verdict === 'green');
      expect(foldVerdict(DEPLOY_STAGES, seen) === 'green').toBe(allGreen);
    }
  });
});

describe('nextStage', () => {
  it('asks a later stage only when the earlier ones are green, in the order of a deploy', () => {
    const declared: DeployStage[] = ['health', 'build'];
    expect(nextStage(declared, [])).toBe('build');
    expect(nextStage(declared, [saw('build', 'pending'), saw('health', 'green')])).toBe('build');
    expect(nextStage(declared, [saw('build', 'green')])).toBe('health');
    expect(nextStage(declared, [saw('build', 'green'), saw('health', 'green')])).toBeNull();
  });
});
