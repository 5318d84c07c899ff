/** The cheats of a JavaScript repo as a model would play them: one session that submits one after the other, and is told why each is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE, HONEST } from '../../activities/gates/cheats-rig.ts';
import { JUDGED, SEEN, type Cheat } from '../../activities/gates/cheats-javascript.ts';
import { MESSAGE, type Tree } from '../../activities/gates/gates-rig.ts';
import { has } from '../setup/needs.ts';
import { ended, openRig, type Rig } from './rig.ts';
import { ACCEPT } from './scenarios.ts';

const SUBMIT = { calls: [{ submit: [] }] };
const CONTRACT = {
  checks: [{ name: 'unit', test: 'npm test --silent', report: 'junit', globs: ['test/**/*.js'], timeoutSeconds: 60 }],
  toolchain: ['node'],
  build: ['true'],
};
/** A third of those whose contract is this one: activities/gates/cheats.test.ts plays them all, and what is asked here is what the model is told. */
const CHEATS = [...SEEN, ...JUDGED].filter(({ by }, at) => by === undefined && at % 3 === 0);

describe.skipIf(!has('temporal') || !has('bwrap'))('cheats of the scripted model', { timeout: 600_000 }, () => {
  let rig: Rig;
  let answers: readonly string[];
  beforeAll(async () => {
    const bounds = { verifyRounds: CHEATS.length, turns: 10 * CHEATS.length, issueMicroUsd: 1_000_000_000 };
    rig = await openRig({ files: BASE, contract: CONTRACT, bounds });
    const steps = CHEATS.flatMap((cheat) => [play(cheat), SUBMIT]);
    rig.scenario('Add text', { triage: ACCEPT, steps: [...steps, play({ change: HONEST }), SUBMIT] });
    const issue = await rig.release('Add text');
    const run = await rig.run(issue.number, ended, 600_000);
    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    const { inputs } = await rig.store.sessions.transcript(`${run.id}/work`);
    // The first input is the issue; each further one says why what was submitted is refused.
    answers = inputs.slice(1).map((input) => input.text);
  }, 600_000);
  afterAll(() => rig.close());

  it.each(CHEATS.map((cheat, at) => ({ ...cheat, at })))('is refused, and told: $name', ({ refused, at }) => {
    expect(answers[at]).toMatch(refused);
  });

  it('the honest change after all of them is what is pushed, and nothing else', () => {
    expect(rig.pushes()).toHaveLength(1);
    expect(rig.git('log', '--format=%s', 'main').split('\n')).toEqual(['Change', 'First']);
  });
});

function play({ change, message = MESSAGE }: Pick<Cheat, 'change' | 'message'>): object {
  const said = message.replace('#7', '#{{issue}}').replace('run-1', '{{run}}');
  return {
    calls: [{ bash: `git reset -q --hard refs/remotes/origin/main\n${written(change)}\n${committed(said)}` }],
  };
}

function written(tree: Tree): string {
  const put = (path: string, text: string): string =>
    `mkdir -p "$(dirname '${path}')"; echo ${Buffer.from(text).toString('base64')} | base64 -d > '${path}'`;
  return Object.entries(tree)
    .map(([path, text]) => (text === null ? `rm '${path}'` : put(path, text)))
    .join('\n');
}

function committed(message: string): string {
  return `git add -A -f && git commit -q -m '${message.trim()}'`;
}
