/** Models that go round in circles, and models that only seem to. */
import { afterEach, describe, expect, test } from 'vitest';
import { openSessionRig, SESSION, RUN, type SessionRig } from './session-rig.ts';
import { repoAdapters } from './repo-adapters-rig.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: SessionRig;
afterEach(() => rig.close());

async function open(steps: readonly string[]): Promise<void> {
  const yaml = steps.map((step) => `  - ${step}\n`).join('');
  rig = await openSessionRig(`name: one\nmatch: Greet people\nsteps:\n${yaml}`, repoAdapters);
  await rig.open();
}

const bash = (command: string): string => `{ calls: [{ bash: ${JSON.stringify(command)} }] }`;
const times = (count: number, ...steps: string[]): string[] => Array.from({ length: count }, () => steps).flat();

/** As the workflow does, until the session ends or the scenario does. */
async function play(most: number): Promise<{ readonly turns: number; readonly end: unknown }> {
  for (let turns = 0; turns < most;) {
    const step = await rig.turn();
    if (step.kind === 'ended') return { turns, end: step.end };
    turns += 1;
    if (step.kind === 'tools') for (const { id } of step.calls) await rig.tool(step.turn, id);
  }
  return { turns: most, end: null };
}

async function warnings(): Promise<string[]> {
  const { inputs } = await rig.transcript();
  return inputs.filter(({ key }) => key.startsWith('repeats/')).map(({ text }) => text);
}

describe('a session without progress', () => {
  test.each([
    ['one impossible call', ['{ calls: [{ tool: { name: fly, input: { to: moon } } }] }']],
    [
      'a tool that is not there, with another input each time',
      Array.from({ length: 20 }, (_, at) => `{ calls: [{ tool: { name: fly, input: { to: ${at} } } }] }`),
    ],
    ['two in turn', ['{ calls: [{ tool: { name: fly, input: {} } }] }', '{ calls: [{ note: "" }] }']],
    [
      'three in turn',
      ['{ calls: [{ note: a }] }', '{ calls: [{ tool: { name: fly, input: {} } }] }', '{ say: I think. }'],
    ],
  ])('%s is warned of, then ends in words that name the call, long before the budget', async (_, round) => {
    await open(round.length > 3 ? round : times(20, ...round));

    const { turns, end } = await play(60);

    expect(turns).toBeLessThanOrEqual(12);
    expect(end).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(
        /^the session makes no progress: .* was done \d+ times, each with the same result/,
      ) as string,
    });
    expect(await warnings()).toEqual([expect.stringContaining('call give_up') as string]);
  });

  test('a command that fails alike and changes nothing ends it, and a word of a person lets it try again', async () => {
    await open(times(30, bash('echo no; exit 1')));

    const { turns, end } = await play(30);

    expect(turns).toBe(9);
    expect(end).toMatchObject({
      reason: expect.stringContaining('bash {"command":"echo no; exit 1"} was done 9 times') as string,
    });
    await rig.open(2, { kind: 'gates-refused', findings: ['try again'] });
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 10 });
  }, 120_000);

  test.each([
    ['a command that prints something else each time', bash('date +%N; exit 1')],
    ['a command that prints the same, and changes a file each time', bash('echo x >> log.txt; exit 1')],
    [
      'a command that prints the same, and commits each time',
      bash('echo x >> log.txt; git add log.txt; git commit -qm x; exit 1'),
    ],
  ])(
    '%s goes on',
    async (_, step) => {
      await open(times(14, step));

      expect(await play(14)).toEqual({ turns: 14, end: null });
    },
    120_000,
  );

  test('the same failing test with other edits in between goes on', async () => {
    const edits = Array.from({ length: 12 }, (_, at) => bash(`echo ${at} > a.txt`));
    await open(edits.flatMap((edit) => [edit, bash('echo 1 failed; exit 1')]));

    expect(await play(24)).toEqual({ turns: 24, end: null });
    expect(await warnings()).toEqual([]);
  }, 180_000);

  test('whoever comes after a crash counts the same', async () => {
    await open(times(20, '{ calls: [{ tool: { name: fly, input: {} } }] }'));
    const first = await play(60);

    expect(await rig.turn()).toEqual({ kind: 'ended', end: first.end });
    expect(await rig.store.control.fact(`places/${SESSION}`)).toBeNull();
    expect(await rig.store.sessions.countTurns(runSubject(RUN))).toBe(first.turns);
  });
});
