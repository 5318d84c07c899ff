/**
 * What is told in one process: each story with deaths alone, then each with what goes wrong beside them. A tale says which outcomes are
 * as the product promises; how its runs are judged is in judge.ts.
 */
import type { Outcome } from '../../domain/outcome.ts';
import type { Stage } from '../../domain/stage.ts';
import { ABANDON, APPROVE, grant, plain, REJECT, RESOLVED, RESUME, RETRY } from './acts.ts';
import { SECRET } from './main-branch.ts';
import { stepInWords, type MainChange, type Step, type Where } from './step.ts';
import { MENDED, STORIES, WAITING, type Story } from './stories.ts';

/** Under `kinds` in the document. */
export type TaleKind = 'inProcess' | 'deadLocks' | 'lostPokes' | 'rewoundMains';

export interface Tale {
  readonly name: string;
  readonly kind: TaleKind;
  readonly story: Story;
  readonly steps: readonly Step[];
  readonly outcomes: readonly string[];
  /** On main before the run begins. */
  readonly lands?: { readonly subject: string; readonly files: Readonly<Record<string, string>> };
}

const ALL = [...STORIES, ...WAITING];
const WORKING = ['triage', 'prepare', 'implement', 'verify', 'push', 'watch'] as const satisfies readonly Stage[];

function storyOf(name: string): Story {
  const story = ALL.find((one) => one.name === name);
  if (story === undefined) throw new Error(`there is no story ${name}`);
  return story;
}

function asTold(kind: TaleKind, story: Story): Tale {
  const { name, steps = [], outcome } = story;
  return { name: kind === 'inProcess' ? name : `${name}, locks`, kind, story, steps, outcomes: [outcome] };
}

function acted(story: string, steps: readonly Step[], ...outcomes: Outcome[]): Tale {
  const name = `${story}, ${steps.map(stepInWords).join(', ')}`;
  return { name, kind: 'lostPokes', story: storyOf(story), steps, outcomes };
}

/** Of a run whose something is on main a frozen one is what an escalation comes to. */
const FROZEN_AT_MOST = { ...ABANDON, optional: true } as const;

function actsAt(story: string, where: Where): Tale[] {
  return [
    acted(story, [plain('cancel', where)], 'cancelled'),
    acted(story, [plain('escalate', where), FROZEN_AT_MOST], 'needs-human', 'abandoned'),
    acted(story, [plain('pause', where), RESUME], 'shipped'),
    acted(story, [grant(where)], 'shipped'),
  ];
}

const PAUSED: Where = { stage: 'paused' };
const AT_WORK: Where = { stage: 'implement' };
const WAITS: Where = { stage: 'awaiting-approval' };

const LOST_POKES: readonly Tale[] = [
  ...WORKING.flatMap((stage) => actsAt('shipped', { stage })),
  ...actsAt('fixed-forward', { stage: 'fix' }),
  ...actsAt('shipped', { before: 'pushRun', nth: 1 }),
  acted('shipped', [plain('cancel', { before: 'watchDeploy', nth: 1 })], 'cancelled'),
  ...['steer', 'interrupt'].map((kind) => acted('shipped', [plain(kind as 'steer' | 'interrupt', AT_WORK)], 'shipped')),
  acted('shipped', [plain('pause', AT_WORK), plain('cancel', PAUSED)], 'cancelled'),
  acted('shipped', [plain('pause', AT_WORK), plain('escalate', PAUSED)], 'needs-human'),
  acted('shipped', [plain('pause', AT_WORK), grant(PAUSED), RESUME], 'shipped'),
  acted('asked', [plain('cancel', WAITS)], 'cancelled'),
  acted('asked', [plain('escalate', WAITS)], 'needs-human'),
  acted('asked', [plain('pause', WAITS), RESUME, APPROVE], 'shipped'),
  acted('asked', [grant(WAITS), APPROVE], 'shipped'),
  acted('asked', [APPROVE], 'shipped'),
  acted('asked', [REJECT, APPROVE], 'shipped'),
  acted('frozen', [ABANDON], 'abandoned'),
  acted('frozen', [RETRY], 'shipped'),
  acted('frozen', [{ where: { stage: 'frozen' }, does: { lands: MENDED }, what: 'Mended' }, RESOLVED], 'shipped'),
];

function rewound(story: string, main: MainChange, where: Where, ...outcomes: Outcome[]): Tale {
  const step = { where, does: { main }, what: `main ${main}` };
  const steps = [step, FROZEN_AT_MOST];
  const name = `${story}, ${stepInWords(step)}`;
  return {
    name,
    kind: 'rewoundMains',
    story: storyOf(story),
    steps,
    outcomes,
    ...(main === 'rewound' ? { lands: SECRET } : {}),
  };
}

/** Before main was read for the work, its change is nobody's business; after that a person is called. */
const UNREAD = ['triage', 'prepare'] as const satisfies readonly Stage[];
const BUILT_ON = ['implement', 'verify', 'push'] as const satisfies readonly Stage[];
const SECOND_PUSH: Where = { before: 'pushRun', nth: 2 };

const REWOUND_MAINS: readonly Tale[] = (['rewound', 'replaced'] as const).flatMap((main) => [
  ...UNREAD.map((stage) => rewound('shipped', main, { stage }, 'shipped', 'needs-human')),
  ...BUILT_ON.map((stage) => rewound('shipped', main, { stage }, 'needs-human')),
  rewound('shipped', main, { before: 'pushRun', nth: 1 }, 'needs-human'),
]);

const ROLLED_BACK: readonly Tale[] = (['rolled back', 'replaced'] as const).flatMap((main) => [
  rewound('shipped', main, { before: 'watchDeploy', nth: 1 }, 'shipped', 'superseded', 'abandoned'),
  rewound('fixed-forward', main, { stage: 'fix' }, 'superseded', 'abandoned'),
  rewound('fixed-forward', main, SECOND_PUSH, 'superseded', 'abandoned'),
]);

export const TALES: readonly Tale[] = [
  ...ALL.map((story) => asTold('inProcess', story)),
  ...['shipped', 'fixed-forward', 'raced'].map((name) => asTold('deadLocks', storyOf(name))),
  ...LOST_POKES,
  ...REWOUND_MAINS,
  ...ROLLED_BACK,
];

/** The undisturbed telling of a tale's story. */
export function plainly({ story }: Tale): Tale {
  return asTold('inProcess', story);
}

/** What must have been done to some run, as `kind: deed`. */
export const DEEDS: ReadonlyMap<string, { readonly kind: TaleKind; readonly what: string }> = new Map(
  TALES.flatMap(({ kind, steps }) =>
    steps
      .filter(({ optional }) => optional !== true)
      .map((step) => [`${kind}: ${stepInWords(step)}`, { kind, what: stepInWords(step) }]),
  ),
);
