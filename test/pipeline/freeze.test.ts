import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestedAct } from '../../domain/act.ts';
import { NO_GRANTS } from '../../domain/bounds.ts';
import { has } from '../setup/needs.ts';
import { ended, inStage, LIB, openRig, SOON, topicsOf, type Rig } from './rig.ts';
import { ACCEPT, addFunction, commit } from './scenarios.ts';

/** Green in its tests, red in the build: the contract's build refuses a library that exports `broken`. */
const BREAKS = addFunction('half', 'export const broken = true;\nexport function half(a) {\n  return a / 2;\n}', '1');

describe.skipIf(!has('temporal') || !has('bwrap'))('a red deploy', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ bounds: { fixAttempts: 0 } });
  });
  afterAll(() => rig.close());

  async function act(run: string, data: RequestedAct, note: string): Promise<void> {
    await rig.store.acts.add({
      id: randomUUID(),
      run,
      data,
      note,
      at: Date.now(),
      by: { name: 'ada', kind: 'person', scopes: [] },
    });
    await rig.calls.pokeRun(run);
  }

  it('freezes untouched, holds the lane, calls a person, and goes on by retry until it ships', async () => {
    rig.scenario('Halve a number', {
      ...BREAKS,
      steps: [
        ...(BREAKS as { steps: object[] }).steps,
        {
          calls: [
            {
              bash: `git show HEAD~2:lib.mjs > lib.mjs && cat >> lib.mjs <<'END'\nexport function half(a) {\n  return a / 2;\n}\nexport function third(a) {\n  return a / 3;\n}\nEND\nsed 's/half/third/g; s/(2, 3), 1/(6), 2/' test/half.test.mjs > test/third.test.mjs\n${commit('Mend the build')}`,
            },
          ],
        },
        { calls: [{ submit: [] }] },
      ],
    });
    const issue = await rig.release('Halve a number');
    const frozen = await rig.run(issue.number, inStage('frozen'));

    expect(rig.git('rev-parse', 'main')).toBe(frozen.state.progress.pushed);
    expect((await rig.tracker.read(issue.number))?.state).toBe('open');
    await expect
      .poll(async () => (await rig.tracker.read(issue.number))?.labels, { timeout: 10_000 })
      .toContain('ready-for-human');
    await expect.poll(() => topicsOf(rig, frozen), SOON).toContain('frozen');
    const calls = await rig.store.escalations.list({ run: frozen.id });
    expect(calls.find((one) => one.topic === 'frozen')).toMatchObject({ severity: 'high' });
    await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);

    rig.scenario('Another one', { triage: { reject: 'No.' }, steps: [] });
    const other = await rig.release('Another one');
    await act(frozen.id, { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS }, 'mend the build');
    const shipped = await rig.run(issue.number, ended);

    expect(shipped.outcome, JSON.stringify(shipped.state)).toBe('shipped');
    expect(rig.pushes()).toHaveLength(2);
    const after = await rig.run(other.number, ended);
    expect(after.createdAt).toBeGreaterThanOrEqual(shipped.endedAt ?? Infinity);
  });

  it('ends by abandon with the issue open, and the next release gets the lane', async () => {
    rig.scenario(
      'Break it again',
      addFunction('quarter', 'export const broken = true;\nexport function quarter(a) {\n  return a / 4;\n}', '0.5'),
    );
    const issue = await rig.release('Break it again');
    const frozen = await rig.run(issue.number, inStage('frozen'));

    await act(frozen.id, { kind: 'unfreeze', way: 'abandon' }, 'not worth it');
    const run = await rig.run(issue.number, ended);

    expect(run.outcome).toBe('abandoned');
    expect((await rig.tracker.read(issue.number))?.state).toBe('open');
  });

  it('is resolved only when the head is proven green: a red head stays frozen, a reverted one supersedes', async () => {
    const issue = await rig.release('Break it again', 'Once more.');
    // Main is still broken by the abandoned run: its build is red, but its tests are green.
    rig.scenario('Break it again', {
      triage: ACCEPT,
      steps: [
        {
          calls: [
            {
              bash: `printf "import assert from 'node:assert/strict';\\nimport { test } from 'node:test';\\nimport * as lib from '../lib.mjs';\\n\\ntest('fifth', () => {\\n  assert.equal(lib.fifth?.(5), 1);\\n});\\n" > test/fifth.test.mjs && printf 'export function fifth(a) {\\n  return a / 5;\\n}\\n' >> lib.mjs && ${commit('Fifth')}`,
            },
          ],
        },
        { calls: [{ submit: [] }] },
      ],
    });
    const frozen = await rig.run(issue.number, inStage('frozen'));

    await act(frozen.id, { kind: 'unfreeze', way: 'resolved', reverted: false }, 'looks fine to me');
    const still = await rig.run(
      issue.number,
      (run) => run.state.stage === 'frozen' && run.state.reason.startsWith('not resolved'),
    );
    expect(still.outcome).toBeNull();

    rig.land(
      {
        'lib.mjs': LIB,
        'test/half.test.mjs': '',
        'test/third.test.mjs': '',
        'test/quarter.test.mjs': '',
        'test/fifth.test.mjs': '',
      },
      'Revert all of it',
    );
    await act(frozen.id, { kind: 'unfreeze', way: 'resolved', reverted: true }, 'reverted by hand');
    const run = await rig.run(issue.number, ended);
    expect(run.outcome, JSON.stringify(run.state)).toBe('superseded');
  });
});
