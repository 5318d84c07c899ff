/** Acts through the whole pipeline: what people do to a run, as rows, met at its boundaries. */
import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';
import { CONTRACT, ended, inStage, openRig, PERSON, SOON, topicsOf, type Rig } from './rig.ts';
import { ACCEPT, addFunction, commit } from './scenarios.ts';
import { runSubject } from '../../domain/unit.ts';

function working(name: string): { readonly steps: readonly object[] } {
  return addFunction(name, `export function ${name}(a) {\n  return a * 10;\n}`, '20') as { steps: object[] };
}

const SUBMIT = { calls: [{ submit: [] }] };
const SLOW = { calls: [{ note: 'looking around' }], delayMs: 3_000 };

describe.skipIf(!has('temporal') || !has('bwrap'))('acts on a run', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ contract: { ...CONTRACT, push: 'ask' } });
  });
  afterAll(() => rig.close());

  /** Of what was proven last. */
  async function diffOf(run: string): Promise<string> {
    const row = (await rig.store.evidence.list(runSubject(run))).findLast(({ kind }) => kind === 'diff');
    const body = row === undefined ? null : await rig.store.evidence.body(row.id);
    return body === null ? 'there is no diff' : new TextDecoder().decode(body);
  }

  it('with `push: ask` nothing is pushed before a person has approved that very sha; a rejection goes back to the session', async () => {
    const mend = `echo '// named by a person' >> lib.mjs\n${commit('As a person wished')}`;
    rig.scenario('Ask before the push', {
      triage: ACCEPT,
      steps: [
        ...working('alpha').steps,
        {
          expect: { lastMessage: { contains: ['ada looked at what you submitted', 'name it in a comment'] } },
          calls: [{ bash: mend }],
        },
        SUBMIT,
      ],
    });
    const issue = (await rig.release('Ask before the push')).number;
    const first = await rig.run(issue, inStage('awaiting-approval'));
    expect(rig.pushes()).toEqual([]);
    expect(await diffOf(first.id)).toMatch(/^\+export function alpha/m);
    await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);
    await expect.poll(() => topicsOf(rig, first), SOON).toEqual(['approval']);

    await rig.act(first.id, { kind: 'reject' }, 'name it in a comment');
    const second = await rig.run(issue, (run) => run.state.stage === 'awaiting-approval' && run.seq > first.seq);
    if (second.state.stage !== 'awaiting-approval' || first.state.stage !== 'awaiting-approval')
      throw new Error('it does not wait');
    // What waits now is the whole change, with what the person wished in it.
    expect(await diffOf(first.id)).toMatch(/^\+export function alpha[^]*^\+\/\/ named by a person/m);
    // An approval of what was rejected is of another sha, and moves nothing.
    await rig.act(first.id, { kind: 'approve', sha: first.state.head });
    await expect.poll(async () => (await rig.store.acts.unread(first.id)).length).toBe(0);
    expect((await rig.store.runs.get(first.id))?.state.stage).toBe('awaiting-approval');

    await rig.act(first.id, { kind: 'approve', sha: second.state.head });
    const run = await rig.run(issue, ended);
    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(rig.pushes()).toHaveLength(1);
    expect(run.state.progress.pushed).toBe(second.state.head);
  });

  it('a pause holds a session at its boundary and gives the slot back; a stop is not to wait behind it', async () => {
    rig.scenario('Be held', { triage: ACCEPT, steps: [SLOW, SLOW, ...working('beta').steps] });
    const issue = (await rig.release('Be held')).number;
    const { id } = await rig.run(issue, inStage('implement'));
    const asked = rig.modelRequests().length;
    await expect.poll(() => rig.modelRequests().length, SOON).toBeGreaterThan(asked);
    await rig.act(id, { kind: 'pause' });
    const held = await rig.run(issue, (run) => run.state.progress.pause !== null);
    expect(held.state).toMatchObject({ stage: 'implement', progress: { pause: { by: PERSON } } });
    await expect.poll(() => rig.store.capacity.held(), SOON).toEqual([]);

    await rig.act(id, { kind: 'cancel' });
    const run = await rig.run(issue, ended);
    expect(run.outcome).toBe('cancelled');
    expect(run.state.progress.sessionMs).toBeGreaterThan(0);
  });

  it('work is not handed over past a steer: the session hears it and submits again', async () => {
    const mend = `echo '// as steered' >> lib.mjs\n${commit('As steered')}`;
    const [test, code] = working('gamma').steps as [object, object];
    rig.scenario('Be steered', {
      triage: ACCEPT,
      steps: [
        test,
        code,
        { calls: [{ bash: 'sleep 3' }, { submit: [] }] },
        {
          expect: {
            results: ['ok', 'error'],
            lastMessage: { contains: ['Not handed over yet', 'say so in a comment'] },
          },
          calls: [{ bash: mend }],
        },
        SUBMIT,
      ],
    });
    const issue = (await rig.release('Be steered')).number;
    const { id } = await rig.run(issue, inStage('implement'));
    await expect
      .poll(async () => (await rig.store.sessions.transcript(`${id}/work`)).turns.length, { timeout: 60_000 })
      .toBe(3);
    await rig.act(id, { kind: 'steer' }, 'say so in a comment');
    const waiting = await rig.run(issue, inStage('awaiting-approval'));
    await rig.act(id, { kind: 'cancel' });
    await rig.run(issue, ended);
    expect((await rig.store.sessions.transcript(`${id}/work`)).turns).toHaveLength(5);
    expect(waiting.state.progress.openings).toBe(1);
  });

  it('a trial passes every gate and leaves no trace outside: no push, no label, no comment', async () => {
    rig.scenario('Be tried', { triage: ACCEPT, ...working('delta') });
    const { number } = await rig.tracker.add({ title: 'Be tried', body: 'As it says.', labels: [], by: PERSON });
    const before = stringify(await rig.tracker.read(number));
    const pushes = rig.pushes().length;
    await rig.store.trials.ask({
      id: randomUUID(),
      repo: rig.key,
      issue: number,
      title: 'Be tried',
      by: { name: PERSON, kind: 'person', scopes: [] },
      at: Date.now(),
    });
    await rig.calls.pollNow();
    const run = await rig.run(number, ended);

    expect(run.state, JSON.stringify(run.state)).toMatchObject({ outcome: 'tried', progress: { pushed: null } });
    const verdicts = (await rig.store.evidence.list(runSubject(run.id))).map(
      (row) => `${row.kind} ${row.verdict ?? ''}`,
    );
    expect(verdicts).toEqual(expect.arrayContaining(['guard green', 'red green', 'regression green', 'green green']));
    const diff = await diffOf(run.id);
    expect(diff).toContain('diff --git a/test/delta.test.mjs b/test/delta.test.mjs');
    expect(diff).toMatch(/^\+export function delta/m);
    expect(rig.pushes()).toHaveLength(pushes);
    expect(stringify(await rig.tracker.read(number))).toBe(before);
    expect(await rig.tracker.comments(number)).toEqual([]);
    expect(await rig.store.trials.waiting(rig.key)).toEqual([]);
    expect(await rig.store.escalations.list({ run: run.id })).toEqual([]);
    expect((await rig.store.effects.list(runSubject(run.id))).map((one) => one.name)).toEqual([]);
  });
});
