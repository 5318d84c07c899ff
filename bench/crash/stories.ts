/**
 * What the runs of the crash runner are about: tiny changes of a shell library, with every effect that a run can owe. The scripted
 * session repeats one command that does what is still missing, as a model does that was told that its command was interrupted.
 */
import type { RunBounds } from '../../domain/bounds.ts';
import { ABANDON, APPROVE } from './acts.ts';
import type { Step } from './step.ts';

export interface Story {
  readonly name: string;
  readonly outcome: string;
  /** Of the scripted model: `triage` and `steps`. */
  readonly scenario: object;
  /** What people do for it to come to its outcome. */
  readonly steps?: readonly Step[];
  /** The contract says `push: ask`. */
  readonly asks?: true;
  /** Bounds other than the usual. */
  readonly bounds?: Partial<RunBounds>;
}

/** More than any session here is interrupted. */
const TRIES = 5;

const TRAILER = 'Refs #{{issue}}\n\nLamplighter-Run: {{run}}';
const ACCEPT = { accept: { acceptanceCriteria: ['it works'], testPlan: 'a unit test', risks: [] } };

/** Commits unless a commit of that subject is there; a lock left behind by a command that was killed is taken away first. */
function once(subject: string, write: string): string {
  return [
    'rm -f "$(git rev-parse --git-dir)"/*.lock',
    `if ! git log -20 --format=%s | grep -qx '${subject}'; then`,
    write,
    `git add -A && git commit -q -m '${subject}\n\n${TRAILER}'`,
    'fi',
  ].join('\n');
}

function test(name: string): string {
  const text = `. ./lib.sh\n[ "$(${name} 2 3 2>/dev/null)" = 6 ] || { echo 'expected 6'; exit 1; }\n`;
  return once(`Test ${name}`, `cat > test/${name}.sh <<'END'\n${text}END`);
}

function code(name: string, broken = false): string {
  const text = `${broken ? 'broken=yes\n' : ''}${name}() { echo $(($1 * $2)); }\n`;
  return once(`Add ${name}`, `cat >> lib.sh <<'END'\n${text}END`);
}

const MEND = once('Mend the build', 'sed -i /broken/d lib.sh');

function work(command: string): object[] {
  return Array.from({ length: TRIES }, () => ({ calls: [{ bash: command }] }));
}

const SUBMIT = { calls: [{ submit: [] }] };

export const LIB = 'add() { echo $(($1 + $2)); }\n';

/** A submit past which a person said something is asked for again. */
function ships(name: string): object {
  return { triage: ACCEPT, steps: [...work(`${test(name)}\n${code(name)}`), SUBMIT, SUBMIT, SUBMIT] };
}

/** `count` of them one after another in one repo, each with a function of its own. */
export function shippedStories(count: number): Story[] {
  return Array.from({ length: count }, (_none, index) => {
    const name = `multiply${String.fromCodePoint(97 + index)}`;
    return { name: `shipped-${name}`, outcome: 'shipped', scenario: ships(name) };
  });
}

const BROKEN = `${test('multiply')}\n${code('multiply', true)}`;

const FORWARD = { triage: ACCEPT, steps: [...work(BROKEN), SUBMIT, ...work(MEND), SUBMIT, SUBMIT] };

/** What `BROKEN` and `MEND` come to. */
export const MENDED = { 'lib.sh': `${LIB}multiply() { echo $(($1 * $2)); }\n` } as const;

export const STORIES: readonly Story[] = [
  { name: 'shipped', outcome: 'shipped', scenario: ships('multiply') },
  { name: 'fixed-forward', outcome: 'shipped', scenario: FORWARD },
  {
    name: 'raced',
    outcome: 'shipped',
    scenario: ships('multiply'),
    steps: [{ where: { before: 'pushRun', nth: 1 }, does: { lands: { 'NOTES.md': 'landed first\n' } }, what: 'Notes' }],
  },
  {
    name: 'gave-up',
    outcome: 'needs-human',
    scenario: { triage: ACCEPT, steps: [...work(test('multiply')), { calls: [{ give_up: 'it contradicts itself' }] }] },
  },
  { name: 'rejected', outcome: 'rejected', scenario: { triage: { reject: 'nobody decided' }, steps: [] } },
];

/** Told with acts only: in these a run waits for a person. */
export const WAITING: readonly Story[] = [
  {
    name: 'asked',
    outcome: 'shipped',
    asks: true,
    scenario: {
      triage: ACCEPT,
      steps: [
        ...work(`${test('multiply')}\n${code('multiply')}`),
        SUBMIT,
        ...work(once('Say so', 'echo >> NOTES.md')),
        SUBMIT,
      ],
    },
    steps: [APPROVE],
  },
  { name: 'frozen', outcome: 'abandoned', scenario: FORWARD, bounds: { fixAttempts: 0 }, steps: [ABANDON] },
];
