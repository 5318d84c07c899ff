/** Facts 5.5: two callers at once, same and different op ids; a human during the agent's op; a reader during an op. And who may do what. */
import { describe, expect, it } from 'vitest';
import { answerOf, call, journal, opId, settled, start, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

describe('5.5: two callers', sideBySide, () => {
  it('with one op id get one power event and the same result', async () => {
    const host = await fakeHost();
    const op = opId();

    const answers = await Promise.all([1, 2, 3].map(() => call(host, 'human', `cycle op=${op}`)));

    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('with different op ids: one acts, the other is told who is', async () => {
    const host = await fakeHost();
    const ops = [opId(), opId()] as const;

    const answers = await Promise.all([
      call(host, 'agent', `cycle op=${ops[0]}`),
      call(host, 'human', `cycle op=${ops[1]}`),
    ]);

    const results = answers.map((answer) => answer.document());
    const busy = results.find(({ reason }) => reason === 'busy');
    const done = results.find(({ result }) => result === 'ok');
    expect(busy).toMatchObject({ result: 'failed', runningOp: done?.op });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it("a person during the agent's op is told which it is, and nothing is done twice", async () => {
    const host = await fakeHost();
    host.fault('stop-takes', '1');
    const op = opId();
    const agent = answerOf(start(host, 'agent', `cycle op=${op}`));
    await until('it stops the VM', () => journal(host, op).includes('intent=stop'));

    expect((await call(host, 'human', 'stop')).document()).toMatchObject({
      result: 'failed',
      reason: 'busy',
      runningOp: op,
      touched: false,
    });
    expect((await agent).document()).toMatchObject({ result: 'ok', op });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('a reader during an op is answered at once, and sees it', async () => {
    const host = await fakeHost();
    host.fault('stop-takes', '4');
    const op = opId();
    const client = answerOf(start(host, 'human', `cycle op=${op}`));
    await until('it stops the VM', () => journal(host, op).includes('intent=stop'));

    const seen = (await call(host, 'ro', `status op=${op}`)).document();

    expect(seen).toMatchObject({
      status: { runningOp: op },
      record: { op, state: 'running', result: null, touched: true },
    });
    expect((await client).document()).toMatchObject({ result: 'ok' });
  });

  it('the same id for another verb, or from another key, is refused and starts nothing', async () => {
    const host = await fakeHost();
    const op = opId();
    await call(host, 'human', `cycle op=${op}`);

    expect((await call(host, 'human', `stop op=${op}`)).document()).toMatchObject({
      result: 'failed',
      reason: 'op_mismatch',
    });
    expect((await call(host, 'agent', `cycle op=${op}`)).document()).toMatchObject({
      result: 'failed',
      reason: 'op_mismatch',
    });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('an old op id gives its old result, word for word, whatever happened since', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    const op = opId();
    const first = await call(host, 'human', `cycle op=${op}`);
    await call(host, 'human', 'cycle');

    const again = await call(host, 'human', `cycle op=${op}`);

    expect(again.stdout).toBe(first.stdout);
    expect(host.power().length).toBe(4);
  });
});

describe('5.13: identities', sideBySide, () => {
  const allowed = {
    ro: ['status', 'forensics'],
    agent: ['status', 'forensics', 'reset', 'start', 'cycle'],
    human: ['status', 'forensics', 'reset', 'stop', 'start', 'cycle'],
  } as const;
  const verbs = allowed.human;

  it.each(['ro', 'agent'] as const)('%s may only what it may', async (identity) => {
    const host = await fakeHost();
    for (const verb of verbs.filter((name) => !(allowed[identity] as readonly string[]).includes(name))) {
      const { code, document } = await call(host, identity, verb);
      expect({ code, reason: document().reason }).toEqual({ code: 4, reason: 'identity' });
    }
    expect(host.power()).toEqual([]);
  });

  it('come from the command= line alone', async () => {
    const host = await fakeHost();

    for (const request of ['human', 'human stop', 'stop human', '--config /tmp/x human']) {
      expect((await call(host, 'ro', request)).code).toBe(2);
    }
  });
});

describe('5.13: the pause file', sideBySide, () => {
  it("blocks the agent's verbs, not a person's, and not its reading", async () => {
    const host = await fakeHost();
    host.write('', 'etc/pause');

    expect((await call(host, 'agent', 'cycle')).document()).toMatchObject({
      result: 'failed',
      reason: 'paused',
      touched: false,
    });
    expect((await call(host, 'agent', 'status')).document()).toMatchObject({ result: 'ok', status: { paused: true } });
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
  });

  it('does not stop an op that runs already', async () => {
    const host = await fakeHost();
    const op = opId();
    const client = start(host, 'agent', `cycle op=${op}`);
    await until('it was accepted', () => journal(host, op).includes('accept'));
    host.write('', 'etc/pause');
    client.kill('SIGKILL');

    await call(host, 'agent', `cycle op=${op}`);
    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('5.13: autonomy=evidence', sideBySide, () => {
  it('lets the agent act only on an objective sign that this host saw itself', async () => {
    const host = await fakeHost({ autonomy: 'evidence' });

    expect((await call(host, 'agent', 'cycle')).document()).toMatchObject({
      result: 'failed',
      reason: 'no_evidence',
      touched: false,
    });
    expect(host.power()).toEqual([]);
    host.fault('qmp-hangs');
    host.fault('agent-dead');
    await call(host, 'agent', 'cycle');
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('asks nothing of a person', async () => {
    const host = await fakeHost({ autonomy: 'evidence' });

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
  });
});
