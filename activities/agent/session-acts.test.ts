/** What people say to a session at work: steer, interrupt, pause, grant, over a real store and the scripted model. */
import { afterEach, describe, expect, test } from 'vitest';
import type { RequestedAct } from '../../domain/act.ts';
import { NO_GRANTS } from '../../domain/bounds.ts';
import type { TurnStep } from '../../workflows/ports.ts';
import { openSessionRig, RUN, SESSION, type SessionRig } from './session-rig.ts';

const NOTES = `name: one
match: Greet people
steps:
  - calls: [{ note: one }]
  - calls: [{ note: two }]
  - calls: [{ note: three }]
`;

let rig: SessionRig;
afterEach(() => rig.close());

let acted = 0;
async function act(data: RequestedAct, note: string): Promise<string> {
  acted += 1;
  const id = `act-${acted}`;
  await rig.store.acts.add({
    id,
    run: RUN,
    data,
    note,
    at: Date.now(),
    by: { name: 'ada', kind: 'person', scopes: [] },
  });
  return id;
}

async function doTools(step: TurnStep): Promise<void> {
  if (step.kind !== 'tools') throw new Error(`no tools were asked for: ${JSON.stringify(step)}`);
  for (const call of step.calls) await rig.tool(step.turn, call.id);
}

async function inputs(): Promise<readonly string[]> {
  return (await rig.transcript()).inputs.map((input) => `${input.beforeTurn} ${input.text}`);
}

async function untaken(): Promise<readonly string[]> {
  return (await rig.store.acts.unread(RUN)).map((row) => row.data.kind);
}

describe('a steer', () => {
  test('enters at the next turn, in order, once, and is marked as taken', async () => {
    rig = await openSessionRig(NOTES);
    await rig.open();
    const first = await rig.turn();
    await act({ kind: 'steer' }, 'use tabs');
    await act({ kind: 'steer' }, 'and no semicolons');
    await doTools(first);
    await doTools(await rig.turn());
    await rig.turn();

    expect(await inputs()).toEqual([
      expect.stringMatching(/^1 /),
      expect.stringMatching(/^2 ada, who may direct this work, says:\n<direction>\nuse tabs\n<\/direction>/),
      expect.stringMatching(/^2 ada, .*\n<direction>\nand no semicolons/),
    ]);
    expect(await untaken()).toEqual([]);
  });

  test('waits while a turn has calls without a result, and never stands between a call and its result', async () => {
    rig = await openSessionRig(NOTES);
    await rig.open();
    await rig.turn();
    await act({ kind: 'steer' }, 'use tabs');

    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 1 });
    expect(await untaken()).toEqual(['steer']);
  });

  test('is heard, though the session would have ended', async () => {
    rig = await openSessionRig(
      'name: one\nmatch: Greet people\nsteps:\n  - calls: [{ give_up: no way }]\n  - calls: [{ note: then so }]\n',
    );
    await rig.open();
    const step = await rig.turn();
    await act({ kind: 'steer' }, 'there is a way');
    await doTools(step);

    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2, calls: [{ name: 'note' }] });
    expect((await inputs()).at(-1)).toContain('there is a way');
  });
});

describe('an interrupt', () => {
  test('ends a model call, keeps what was said, charges it, and is heard next', async () => {
    rig = await openSessionRig(
      `name: one\nmatch: Greet people\nsteps:\n  - say: ${'I think about this at length. '.repeat(40)}\n    paceMs: 400\n    calls: [{ note: one }]\n  - calls: [{ note: two }]\n`,
    );
    await rig.open();
    const turning = rig.turn();
    await expect.poll(async () => (await rig.events('text.delta')).length, { timeout: 10_000 }).toBeGreaterThan(0);
    await act({ kind: 'interrupt' }, 'not that way');

    expect(await turning).toEqual({ kind: 'again' });
    const { turns } = await rig.transcript();
    expect(turns).toMatchObject([{ turn: 1, stopReason: 'interrupted' }]);
    expect(JSON.stringify(turns[0]?.content)).toContain('I think about this');
    expect(turns[0]?.microUsd).toBeGreaterThan(0);
    expect((await inputs()).at(-1)).toMatch(/^2 ada, .*interrupted you, and says:\n<direction>\nnot that way/);
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
  });

  test('before the model has said anything costs no turn', async () => {
    rig = await openSessionRig(
      'name: one\nmatch: Greet people\nsteps:\n  - calls: [{ note: one }]\n    delayMs: 20000\n',
    );
    await rig.open();
    const turning = rig.turn();
    await expect.poll(async () => (await rig.model.requests()).length, { timeout: 10_000 }).toBe(1);
    await act({ kind: 'interrupt' }, 'wait');

    expect(await turning).toEqual({ kind: 'again' });
    expect((await rig.transcript()).turns).toEqual([]);
    expect((await inputs()).at(-1)).toMatch(/^1 ada, /);
  });
});

describe('a pause', () => {
  test('ends the opening at the boundary of a turn; once it is taken the session goes on where it was', async () => {
    rig = await openSessionRig(NOTES);
    await rig.open();
    const first = await rig.turn();
    const id = await act({ kind: 'pause' }, 'hold');

    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 1 });
    await doTools(first);
    expect(await rig.turn()).toEqual({ kind: 'ended', end: { kind: 'called-away' } });
    expect(await rig.model.requests()).toHaveLength(1);

    await rig.store.acts.take(id, Date.now());
    await rig.open();
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
    expect((await rig.transcript(SESSION)).turns).toHaveLength(2);
  });
});

describe('a grant', () => {
  test('lets the next turn go beyond the bound', async () => {
    rig = await openSessionRig(NOTES);
    await rig.open();
    await doTools(await rig.turn({ turns: 1 }));
    expect(await rig.turn({ turns: 1 })).toMatchObject({ end: { kind: 'exhausted', bound: '1 turns' } });

    const run = await rig.store.runs.get(RUN);
    if (run === null) throw new Error('the run is gone');
    const progress = { ...run.state.progress, granted: { ...NO_GRANTS, turns: 1 } };
    const state = { ...run.state, progress };
    await rig.store.runs.transition(RUN, { seq: run.seq + 1, state, effects: [], cause: 'grant', at: 3 });

    expect(await rig.turn({ turns: 1 })).toMatchObject({ kind: 'tools', turn: 2 });
  });
});
