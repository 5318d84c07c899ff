/** What a run's transitions tell about each stage: how often it was entered, how long it took, where the run stands. */
import type { RunView } from '../api/views/view.ts';
import type { Tone } from './layout.ts';

export type StageName = RunView['run']['stage'];

export interface StageMark {
  readonly stage: StageName;
  readonly label: string;
  readonly standing: 'passed' | 'here' | 'ahead';
  readonly visits: number;
  /** Milliseconds over all visits; the current one counts up to now. */
  readonly ms: number;
  readonly tone: Tone;
}

const ALWAYS: readonly StageName[] = ['triage', 'prepare', 'implement', 'verify', 'push', 'watch'];
const ORDER: readonly StageName[] = [
  'triage',
  'prepare',
  'implement',
  'verify',
  'awaiting-approval',
  'push',
  'watch',
  'fix',
  'frozen',
];

/** The usual way, and the stages off it that this run went through. */
export function stageTrack(view: Pick<RunView, 'run' | 'transitions'>, now: number): StageMark[] {
  const times = stageTimes(view, now);
  const { stage: current } = view.run;
  const marks = ORDER.filter((stage) => ALWAYS.includes(stage) || stage === current || times.has(stage)).map(
    (stage): StageMark => {
      const seen = times.get(stage);
      const standing = stage === current ? 'here' : seen === undefined ? 'ahead' : 'passed';
      return {
        stage,
        label: stage === 'awaiting-approval' ? 'approval' : stage,
        standing,
        visits: seen?.visits ?? 0,
        ms: seen?.ms ?? 0,
        tone: toneOf(view.run, stage, standing),
      };
    },
  );
  const { outcome } = view.run;
  marks.push({
    stage: 'ended',
    label: outcome ?? 'ended',
    standing: outcome === null ? 'ahead' : 'here',
    visits: outcome === null ? 0 : 1,
    ms: 0,
    tone: outcome === null ? 'still' : outcomeTone(outcome),
  });
  return marks;
}

function stageTimes(
  { transitions }: Pick<RunView, 'transitions'>,
  now: number,
): Map<StageName, { visits: number; ms: number }> {
  const times = new Map<StageName, { visits: number; ms: number }>();
  transitions.forEach((transition, index) => {
    const seen = times.get(transition.stage) ?? { visits: 0, ms: 0 };
    const until = transitions[index + 1]?.at ?? now;
    const entered = transitions[index - 1]?.stage !== transition.stage;
    times.set(transition.stage, { visits: seen.visits + (entered ? 1 : 0), ms: seen.ms + until - transition.at });
  });
  return times;
}

function toneOf(run: Pick<RunView['run'], 'group'>, stage: StageName, standing: StageMark['standing']): Tone {
  if (stage === 'frozen') return 'bad';
  if (standing === 'ahead') return 'still';
  if (standing === 'passed') return stage === 'fix' ? 'wait' : 'good';
  return run.group === 'needs-you' ? 'wait' : 'busy';
}

export function outcomeTone(outcome: NonNullable<RunView['run']['outcome']>): Tone {
  switch (outcome) {
    case 'shipped':
    case 'tried':
      return 'good';
    case 'needs-human':
    case 'rejected':
    case 'abandoned':
      return 'wait';
    case 'cancelled':
    case 'superseded':
      return 'still';
  }
}

export function runTone(run: Pick<RunView['run'], 'stage' | 'outcome' | 'group'>): Tone {
  if (run.outcome !== null) return outcomeTone(run.outcome);
  if (run.stage === 'frozen') return 'bad';
  return run.group === 'needs-you' ? 'wait' : 'busy';
}
