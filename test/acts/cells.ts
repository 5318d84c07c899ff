/** Every act in every stage in which the API admits it, with its poke lost, and what is to come of it at the next boundary. */
import { expect } from 'vitest';
import { refuseAct, type RequestedAct } from '../../domain/act.ts';
import { NO_GRANTS } from '../../domain/bounds.ts';
import type { RunRow } from '../../store/port.ts';
import { tell, type Moment, type Told } from './room.ts';
import * as stories from './stories.ts';

export const ACTS = {
  steer: () => ({ kind: 'steer' }),
  interrupt: () => ({ kind: 'interrupt' }),
  pause: () => ({ kind: 'pause' }),
  resume: () => ({ kind: 'resume' }),
  approve: (run) => ({ kind: 'approve', sha: headOf(run) }),
  reject: () => ({ kind: 'reject' }),
  escalate: () => ({ kind: 'escalate' }),
  cancel: () => ({ kind: 'cancel' }),
  grant: () => ({ kind: 'grant', grants: { ...NO_GRANTS, turns: 5 } }),
  retry: () => ({ kind: 'unfreeze', way: 'retry', grants: NO_GRANTS }),
  resolved: () => ({ kind: 'unfreeze', way: 'resolved', reverted: false }),
  abandon: () => ({ kind: 'unfreeze', way: 'abandon' }),
} as const satisfies Record<string, (run: RunRow) => RequestedAct>;
type Act = keyof typeof ACTS;

function headOf({ state }: RunRow): string {
  return 'head' in state ? state.head : '';
}

interface Place extends Omit<Moment, 'when'> {
  readonly stage: string;
  readonly story: stories.ActStory;
  readonly admits: readonly Act[];
  /** A session hears it: where none comes before the run moves on, there is no boundary to take it at. */
  readonly heardLater?: readonly Act[];
}

const ALWAYS = ['steer', 'pause', 'escalate', 'cancel', 'grant'] as const;

const PLACES: readonly Place[] = [
  { stage: 'triage', story: stories.SHIPS, activity: 'triage', admits: ALWAYS },
  { stage: 'prepare', story: stories.SHIPS, activity: 'prepareRun', admits: ALWAYS },
  {
    stage: 'prepare, main red',
    story: stories.WAITS,
    activity: 'awaitHeadMove',
    admits: ALWAYS,
    heardLater: ['steer'],
  },
  { stage: 'implement', story: stories.SHIPS, activity: 'modelTurn', call: 2, admits: [...ALWAYS, 'interrupt'] },
  {
    stage: 'paused',
    story: stories.PAUSED,
    activity: 'awaitAct',
    admits: ['steer', 'resume', 'escalate', 'cancel', 'grant'],
    heardLater: ['steer'],
  },
  { stage: 'verify', story: stories.SHIPS, activity: 'verifyRun', admits: ALWAYS },
  {
    stage: 'awaiting-approval',
    story: stories.ASKS,
    activity: 'awaitAct',
    admits: [...ALWAYS, 'approve', 'reject'],
  },
  { stage: 'push', story: stories.SHIPS, activity: 'pushRun', admits: ALWAYS },
  { stage: 'push, merging', story: stories.RACES, activity: 'mergeRun', admits: ALWAYS },
  { stage: 'watch', story: stories.SHIPS, activity: 'watchDeploy', admits: ALWAYS, heardLater: ['steer'] },
  { stage: 'fix', story: stories.MENDS, activity: 'judgeMain', admits: ALWAYS },
  { stage: 'fix, in session', story: stories.MENDS, activity: 'modelTurn', call: 3, admits: [...ALWAYS, 'interrupt'] },
  { stage: 'frozen', story: stories.FREEZES, activity: 'awaitAct', admits: ['retry', 'resolved', 'abandon'] },
  { stage: 'frozen, proving', story: stories.PROVES, activity: 'proveHead', admits: ['retry', 'abandon'] },
];

export type Cell = readonly [act: Act, stage: string, place: Place];

const CELLS: readonly Cell[] = PLACES.flatMap((place) =>
  place.admits
    .filter((act) => place.heardLater?.includes(act) !== true)
    .map((act) => [act, place.stage, place] as const),
);

/** What was done about it, when it was taken. */
export function expectTaken({ act, run, after }: Told, kind: Act): void {
  expect(act?.takenAt, `the ${kind} was not taken: ${JSON.stringify(run.state)}`).not.toBeNull();
  if (kind === 'cancel') expect(run.outcome).toBe('cancelled');
  if (kind === 'pause') expect(run.state.progress.pause).toMatchObject({ by: 'ada' });
  if (kind === 'grant') expect(run.state.progress.granted.turns).toBe(5);
  if (kind === 'escalate')
    expect([run.outcome, run.state.stage]).toContainEqual(expect.stringMatching(/^(?:needs-human|frozen)$/));
  if (['cancel', 'pause', 'reject', 'escalate'].includes(kind)) expect(after).toEqual([]);
}

/** Each act in one stage at least, and each stage with one act at least. */
export const COVER: readonly Cell[] = CELLS.reduce<readonly Cell[]>((chosen, cell) => {
  const [act, stage] = cell;
  const isCovered = chosen.some(([one]) => one === act) && chosen.some(([, other]) => other === stage);
  return isCovered ? chosen : [...chosen, cell];
}, []);

/** What the cover leaves out. */
export const FURTHER: readonly Cell[] = CELLS.filter((cell) => !COVER.includes(cell));

/** The test of a cell. */
export async function isTaken(act: Act, _stage: string, { story, admits, ...moment }: Place): Promise<void> {
  let admitted: readonly string[] = [];
  const told = await tell(story, { ...moment, when: 'before' }, (run) => {
    admitted = Object.entries(ACTS).flatMap(([name, of]) => (refuseAct(run, of(run), 'why') === null ? [name] : []));
    return ACTS[act](run);
  });

  expect(admitted.toSorted(), JSON.stringify(told.run.state)).toEqual(admits.toSorted());
  expectTaken(told, act);
}

/** Between the last look that a piece of work takes by itself and what it is about to do. */
export const NARROW: readonly (readonly [when: string, story: stories.ActStory, moment: Moment])[] = [
  [
    'while the issue is looked at before the push',
    stories.SHIPS,
    { activity: 'recordTransition', call: 4, when: 'after' },
  ],
  ['when the gates have proven the change', stories.SHIPS, { activity: 'verifyRun', when: 'after' }],
  ['while the push looks at the remote', stories.SHIPS, { activity: 'pushRun', when: 'at git.refresh.after' }],
  ['when the deploy has its checkout', stories.SHIPS, { activity: 'watchDeploy', when: 'at git.checkOut.after' }],
  ['when the deploy has been found healthy', stories.SHIPS, { activity: 'watchDeploy', when: 'after' }],
];
