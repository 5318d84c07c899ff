import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OURSELVES } from '../../activities/tracker/local/writes.ts';
import { has } from '../setup/needs.ts';
import { ended, openRig, PERSON, type Rig } from './rig.ts';
import { ACCEPT, commit } from './scenarios.ts';

const TESTLESS = { calls: [{ bash: `echo '// said' >> lib.mjs && ${commit('Say it')}` }] };
const SUBMIT = { calls: [{ submit: [] }] };

describe.skipIf(!has('temporal') || !has('bwrap'))('the label no-red-gate', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ bounds: { verifyRounds: 0 } });
  });
  afterAll(() => rig.close());

  async function issueWith(title: string, label: (number: number) => Promise<unknown>): Promise<number> {
    const { number } = await rig.tracker.add({ title, body: 'As the title says.', labels: [], by: PERSON });
    await label(number);
    await rig.tracker.applyLabel(number, 'ready-for-agent', PERSON);
    await rig.calls.pollNow();
    return number;
  }

  it('applied by a trusted person: a change without a test ships, and the issue says who waived', async () => {
    rig.scenario('Say something', {
      triage: { ...ACCEPT, expect: { lastMessage: { contains: `${PERSON} waived for this issue` } } },
      steps: [{ ...TESTLESS, expect: { lastMessage: { contains: 'no test has to fail without the change' } } }, SUBMIT],
    });
    const issue = await issueWith('Say something', (number) => rig.tracker.applyLabel(number, 'no-red-gate', PERSON));
    const run = await rig.run(issue, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    const comments = (await rig.tracker.comments(issue)).map((comment) => comment.text).join('\n');
    expect(comments).toContain('tests proven red without the change: waived by a person');
    expect(comments).toContain(`| waived | \`no-red-gate by ${PERSON}\` |`);
  });

  it('applied by the account that Lamplighter itself uses: it lifts nothing, and the person called reads why', async () => {
    rig.scenario('Whisper something', { triage: ACCEPT, steps: [TESTLESS, SUBMIT] });
    const issue = await issueWith('Whisper something', (number) =>
      rig.tracker.applyLabel(number, 'no-red-gate', OURSELVES),
    );
    const run = await rig.run(issue, ended);

    expect(run.outcome, JSON.stringify(run.state)).toBe('needs-human');
    const comments = (await rig.tracker.comments(issue)).map((comment) => comment.text).join('\n');
    expect(comments).toContain('adds or changes no test');
    expect(comments).toContain('no-red-gate not honoured: it was applied by lamplighter[bot]');
  });
});
