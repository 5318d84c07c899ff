import { describe, expect, it } from 'vitest';
import type { OpRecord } from './outcome.ts';
import { lost, reconcile, type Reconciling, type Sighting } from './reconcile.ts';

const OP = '01KB4V0000000000000000TEST';
const limits = { everyMs: 2, graceMs: 10, silenceMs: 90, settleMs: 800 };
const running: OpRecord = {
  verb: 'cycle',
  op: OP,
  state: 'running',
  result: null,
  reason: null,
  hint: null,
  touched: true,
};
const done: OpRecord = { ...running, state: 'done', result: 'ok', reason: 'cycled' };

const begun = (): Reconciling<OpRecord> => lost('cycle', OP, 0, 5);
const silent = (final = false): Sighting<OpRecord> => ({ kind: 'silent', why: 'no answer', final });
const absent = (runningOp: string | null = null): Sighting<OpRecord> => ({ kind: 'absent', runningOp });

/** Looks at these moments see these things; the last step is the answer. */
function play(looks: readonly (readonly [atMs: number, sighting: Sighting<OpRecord>])[]) {
  let state = begun();
  for (const [at, [nowMs, sighting]] of looks.entries()) {
    const step = reconcile(state, sighting, nowMs, limits);
    if (at === looks.length - 1) return step;
    if (step.next === 'end') throw new Error(`it ended at ${nowMs}: ${JSON.stringify(step.outcome)}`);
    state = step.state;
  }
  throw new Error('nothing was looked at');
}

describe('a record that has ended', () => {
  it.each([
    ['ok', 'cycled', true],
    ['failed', 'stopped_start_failed', true],
    ['failed', 'cooldown', false],
    ['unknown', 'power_ok_guest_unknown', true],
  ] as const)('%s, %s, is the outcome as it stands there', (result, reason, touched) => {
    const record = { ...done, result, reason, touched };
    expect(play([[6, { kind: 'record', record }]])).toEqual({
      next: 'end',
      outcome: { told: 'host', reconciled: true, result, reason, hint: null, touched, record },
    });
  });

  it('of another verb under the same id is a refusal: ours can never have been accepted', () => {
    const record = { ...done, verb: 'start' as const };
    expect(play([[6, { kind: 'record', record }]])).toMatchObject({
      outcome: { result: 'failed', reason: 'op_mismatch', touched: false },
    });
  });
});

describe('a record that runs', () => {
  it('is looked at again until its end', () => {
    expect(play([[6, { kind: 'record', record: running }]])).toMatchObject({ next: 'ask', afterMs: 2 });
    const looks = [
      [6, { kind: 'record', record: running }],
      [700, { kind: 'record', record: running }],
      [702, { kind: 'record', record: done }],
    ] as const;
    expect(play(looks)).toMatchObject({ outcome: { result: 'ok', reconciled: true } });
  });

  it('longer than any op may take is unknown, with what is known of it', () => {
    expect(play([[800, { kind: 'record', record: running }]])).toMatchObject({
      outcome: {
        result: 'unknown',
        reason: 'still_running',
        touched: null,
        record: running,
        hint: expect.stringContaining(`status op=${OP}`) as string,
      },
    });
  });

  it('that vanishes is unknown at once, and calls for a look at the host', () => {
    const looks = [
      [6, { kind: 'record', record: running }],
      [8, absent()],
    ] as const;
    expect(play(looks)).toMatchObject({ outcome: { result: 'unknown', reason: 'record_lost', record: running } });
  });
});

describe('no record', () => {
  it('proves nothing while the request may still be on its way', () => {
    expect(play([[14, absent()]])).toMatchObject({ next: 'ask' });
    const looks = [
      [6, absent()],
      [8, { kind: 'record', record: running }],
      [400, { kind: 'record', record: done }],
    ] as const;
    expect(play(looks)).toMatchObject({ outcome: { result: 'ok' } });
  });

  it('has its whole grace, also where the loss came late', () => {
    const state = lost<OpRecord>('cycle', OP, 0, 799);
    expect(reconcile(state, absent(), 805, limits)).toMatchObject({ next: 'ask' });
    expect(reconcile(state, absent(), 809, limits)).toMatchObject({ outcome: { reason: 'not_accepted' } });
  });

  it('after the grace is unknown, never failed; the same id may be sent again', () => {
    expect(play([[15, absent()]])).toMatchObject({
      outcome: {
        result: 'unknown',
        reason: 'not_accepted',
        touched: null,
        record: null,
        hint: expect.stringContaining('same id') as string,
      },
    });
  });

  it('while another op is under way names that one', () => {
    const other = `${OP.slice(0, 25)}X`;
    expect(play([[15, absent(other)]])).toMatchObject({ outcome: { hint: expect.stringContaining(other) as string } });
  });
});

describe('silence', () => {
  it('is waited out, counted from the last word of the host', () => {
    expect(play([[94, silent()]])).toMatchObject({ next: 'ask' });
    expect(play([[95, silent()]])).toMatchObject({ outcome: { result: 'unknown', reason: 'host_silent' } });
    const looks = [
      [90, { kind: 'record', record: running }],
      [179, silent()],
      [181, { kind: 'record', record: done }],
    ] as const;
    expect(play(looks)).toMatchObject({ outcome: { result: 'ok' } });
  });

  it('keeps what was seen before it', () => {
    const looks = [
      [90, { kind: 'record', record: running }],
      [180, silent()],
    ] as const;
    expect(play(looks)).toMatchObject({ outcome: { reason: 'host_silent', record: running } });
  });

  it('that no waiting mends ends at once, in its own words', () => {
    expect(play([[6, silent(true)]])).toMatchObject({
      outcome: { reason: 'host_silent', hint: expect.stringContaining('no answer') as string },
    });
  });
});

it('no word of the host, however it comes, makes unknown into failed', () => {
  for (const sighting of [silent(), silent(true), absent()]) {
    const step = play([[10_000, sighting]]);
    expect(step).toMatchObject({ next: 'end', outcome: { result: 'unknown', touched: null } });
  }
});
