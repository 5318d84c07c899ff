/** What the runs of the room of acts are about: one tiny change of the crash runner's shell library, told as briefly as its gates allow. */
import { LIB, type Story } from '../../bench/crash/stories.ts';
import type { RequestedAct } from '../../domain/act.ts';
import { NO_GRANTS } from '../../domain/bounds.ts';
import type { Table } from '../../bench/crash/table.ts';

export interface ActStory extends Story {
  /** Somebody lands a commit right before the first of this activity. */
  readonly landsBefore?: string;
  /** Done to the remote before the issue is released. */
  readonly before?: (table: Table) => void;
  /** What a person asked for once the run has come so far, its poke lost as well. */
  readonly first?: { readonly at: string; readonly act: RequestedAct | 'approve' };
}

const ACCEPT = { accept: { acceptanceCriteria: ['it works'], testPlan: 'a unit test', risks: [] } };
const SUBMIT = { calls: [{ submit: [] }] };
const GIVE_UP = { calls: [{ give_up: 'I see no way' }] };

function commit(subject: string): string {
  return `git add -A && git commit -q -m '${subject}\n\nRefs #{{issue}}\n\nLamplighter-Run: {{run}}'`;
}

function work(broken: boolean): object {
  const test = `. ./lib.sh\n[ "$(multiply 2 3 2>/dev/null)" = 6 ] || { echo 'expected 6'; exit 1; }\n`;
  const code = `${broken ? 'broken=yes\n' : ''}multiply() { echo $(($1 * $2)); }\n`;
  const lines = [
    `cat > test/multiply.sh <<'END'\n${test}END`,
    commit('Test multiply'),
    `cat >> lib.sh <<'END'\n${code}END`,
    commit('Add multiply'),
  ];
  return { calls: [{ bash: lines.join('\n') }] };
}

const MEND = { calls: [{ bash: `sed -i /broken/d lib.sh\n${commit('Mend the build')}` }] };

const ships = { triage: ACCEPT, steps: [work(false), SUBMIT] };
const breaks = { triage: ACCEPT, steps: [work(true), SUBMIT, GIVE_UP] };

function asks(table: Table): void {
  table.land({ '.lamplighter.yml': `${table.git('show', 'main:.lamplighter.yml')}\npush: ask\n` }, 'Ask before a push');
}

export const SHIPS: ActStory = { name: 'ships', outcome: 'shipped', scenario: ships };
export const PAUSED: ActStory = { ...SHIPS, name: 'paused', first: { at: 'verifyRun', act: { kind: 'pause' } } };
export const ASKS: ActStory = { ...SHIPS, name: 'asks', before: asks };
export const GRANTED: ActStory = {
  ...ASKS,
  name: 'granted',
  first: { at: 'awaitAct', act: { kind: 'grant', grants: { ...NO_GRANTS, turns: 1 } } },
};
export const RACES: ActStory = { ...SHIPS, name: 'races', landsBefore: 'pushRun' };
export const WAITS: ActStory = {
  ...SHIPS,
  name: 'waits',
  before: (table) => table.land({ 'lib.sh': LIB.replace('+', '-') }, 'Break add'),
};
export const MENDS: ActStory = {
  name: 'mends',
  outcome: 'shipped',
  scenario: { triage: ACCEPT, steps: [work(true), SUBMIT, MEND, SUBMIT] },
};
export const GIVES_UP: ActStory = {
  name: 'gives-up',
  outcome: 'needs-human',
  scenario: { triage: ACCEPT, steps: [GIVE_UP] },
};
export const FREEZES: ActStory = { name: 'freezes', outcome: 'frozen', scenario: breaks };
export const PROVES: ActStory = {
  ...FREEZES,
  name: 'proves',
  first: { at: 'awaitAct', act: { kind: 'unfreeze', way: 'resolved', reverted: false } },
};
