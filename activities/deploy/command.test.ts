import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HealthProbe } from '../../config/watchers/http-health.ts';
import { inActivity, moveRun, openRig, RUN, type Answer, type Rig } from './watch-rig.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

function health(over: Partial<HealthProbe> = {}): HealthProbe {
  return { url: rig.url, version: 'json:version', times: 3, everySeconds: 0.01, timeoutSeconds: 2, ...over };
}

function says(version: string): Answer {
  return (_request, response) => response.end(JSON.stringify({ version }));
}

function appendTo(name: string, what: string): string {
  return `echo "${what}" >> ${rig.dir}/${name}`;
}

describe('watching a pushed sha', () => {
  it('is green when the deploy passes and the service answers our version so many times in a row', async () => {
    rig.answer(says(rig.sha));
    const { watchDeploy } = rig.start({
      target: {
        command: `cat "$LAMPLIGHTER_SOURCE/app.txt"; ${appendTo('log', '$LAMPLIGHTER_SHA')}`,
        health: health(),
      },
    });

    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({
      kind: 'green',
      proven: ['deploy', 'health'],
    });
    expect(rig.lines('log')).toEqual([rig.sha]);
    expect(rig.asked()).toBe(3);
    const rows = await rig.store.evidence.list(runSubject(RUN));
    expect(rows.map(({ kind, verdict, sha }) => [kind, verdict, sha])).toEqual([
      ['deploy', 'green', rig.sha],
      ['health', 'green', rig.sha],
    ]);
    expect((await rig.evidence())[0]).toContain('one');
  });

  it('is red when the deploy fails, with its last words, and asks nothing later', async () => {
    const { watchDeploy } = rig.start({ target: { command: 'echo no room left >&2; exit 3', health: health() } });

    const judged = await inActivity(watchDeploy, { runId: RUN, sha: rig.sha });

    expect(judged).toMatchObject({ kind: 'red', stage: 'deploy' });
    expect(judged).toHaveProperty('reason', expect.stringContaining('exited with 3: no room left'));
    expect(rig.asked()).toBe(0);
  });

  it('stops a deploy that hangs at its time limit, and is red', async () => {
    const { watchDeploy } = rig.start({ target: { command: 'sleep 60', timeoutSeconds: 0.2 } });

    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toMatchObject({
      kind: 'red',
      reason: expect.stringContaining('was stopped'),
    });
  });

  it('starts the count anew at each other answer, so that a flapping service is not green early', async () => {
    const script = [rig.sha, rig.sha, 'old', rig.sha, '', rig.sha, rig.sha, rig.sha];
    rig.answer((_request, response) => {
      const version = script[rig.asked() - 1] ?? 'asked too often';
      if (version === '') response.writeHead(500);
      response.end(JSON.stringify({ version }));
    });
    const { watchDeploy } = rig.start({ target: { health: health() } });

    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({
      kind: 'green',
      proven: ['health'],
    });
    expect(rig.asked()).toBe(script.length);
  });

  it('says how to declare stages where none is declared, and is never green then', async () => {
    const { watchDeploy } = rig.start();

    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toMatchObject({
      kind: 'unwatchable',
      reason: expect.stringContaining('deploy.command'),
    });
  });

  it('keeps every secret of the deploy environment out of evidence, also as base64', async () => {
    const secret = 'p4ssw0rd-of-the-cluster';
    const command = 'echo "token $TOKEN"; printf %s "$TOKEN" | base64; echo "Bearer $TOKEN" >&2; exit 1';
    const { watchDeploy } = rig.start({ target: { command, env: { TOKEN: secret } } });

    const judged = await inActivity(watchDeploy, { runId: RUN, sha: rig.sha });

    const all = `${JSON.stringify(judged)}${(await rig.evidence()).join('\n')}${JSON.stringify(await rig.store.effects.list(runSubject(RUN)))}`;
    expect(all).toContain('[TOKEN]');
    expect(all).not.toContain(secret);
    expect(all).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
  });
});

describe('a stage that is pending', () => {
  const attempt = (everySeconds: number): Promise<unknown> => {
    const { watchDeploy } = rig.start({ target: { health: health({ everySeconds }) } });
    return new MockActivityEnvironment().run(watchDeploy, { runId: RUN, sha: rig.sha });
  };

  it('ends the attempt, which says when it is to be made again: at the pace of the stage', async () => {
    await expect(attempt(1.5)).rejects.toMatchObject({
      type: 'NotYet',
      nextRetryDelay: expect.closeTo(1_500, -3) as number,
    });
  });

  it('is asked at its own pace, and no more often because people are listened to in between', async () => {
    for (const _look of [1, 2, 3])
      await expect(attempt(60)).rejects.toMatchObject({ type: 'NotYet', nextRetryDelay: 2_000 });
    expect(rig.asked()).toBe(1);
  });
});

describe('a health answer that is not ours', () => {
  it.each<readonly [string, Answer, Partial<HealthProbe>, string]>([
    ['another version', says('f00d'), {}, 'answers version f00d, not '],
    ['a server error', (_request, response) => response.writeHead(502).end(), {}, 'answers 502'],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/x' }).end(), {}, 'not followed'],
    ['no version', (_request, response) => response.end('{}'), {}, 'without a version at json:version'],
    ['an endless body', (_request, response) => response.end('x'.repeat(100_000)), {}, 'more than 64 KB'],
    ['silence', () => undefined, { timeoutSeconds: 0.1 }, 'did not answer within 0.1 s'],
  ])('%s stays pending, and is red past the deadline with what was seen last', async (_name, answer, over, words) => {
    await rig.close();
    rig = await openRig({ watchMs: 250 });
    rig.answer(answer);
    const { watchDeploy } = rig.start({ target: { health: health(over) } });

    const judged = await inActivity(watchDeploy, { runId: RUN, sha: rig.sha });

    expect(judged).toMatchObject({ kind: 'red', stage: 'health', reason: expect.stringContaining(words) });
    expect(judged).toHaveProperty('reason', expect.stringContaining('pending past its deadline'));
    expect((await rig.store.evidence.list(runSubject(RUN))).map(({ kind, verdict }) => [kind, verdict])).toEqual([
      ['health', 'red'],
    ]);
  });
});

describe('a worker that dies while it watches', () => {
  function crashAt(point: string): (name: string) => void {
    return (name) => {
      if (name === point) throw new Error(`died at ${name}`);
    };
  }

  it('between deploy and its record: deploys the same sha again, and the evidence says so', async () => {
    const target = { command: appendTo('log', '$LAMPLIGHTER_SHA') };
    const dying = rig.start({ target, crash: crashAt('deploy.after') });
    await expect(inActivity(dying.watchDeploy, { runId: RUN, sha: rig.sha })).rejects.toThrow('died at deploy.after');

    const { watchDeploy } = rig.start({ target });
    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({
      kind: 'green',
      proven: ['deploy'],
    });

    expect(rig.lines('log')).toEqual([rig.sha, rig.sha]);
    expect((await rig.evidence())[0]).toContain('run 2 times, because the outcome of the first was lost');
  });

  it('after a stage was judged: does not run it again', async () => {
    const target = { command: appendTo('log', 'deployed'), health: health() };
    rig.answer(says('old'));
    const environment = new MockActivityEnvironment();
    const first = inActivity(rig.start({ target }).watchDeploy, { runId: RUN, sha: rig.sha }, environment);
    const stopped = expect(first).rejects.toThrow();
    await expect.poll(() => rig.asked()).toBeGreaterThan(0);
    environment.cancel();
    await stopped;

    rig.answer(says(rig.sha));
    const { watchDeploy } = rig.start({ target });
    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toEqual({
      kind: 'green',
      proven: ['deploy', 'health'],
    });
    expect(rig.lines('log')).toEqual(['deployed']);
  });

  it('does not begin to count anew: what the service has answered in a row stands', async () => {
    rig.answer(says(rig.sha));
    const target = { health: health({ everySeconds: 2 }) };
    let clock = Date.now();
    const once = (): Promise<unknown> => {
      const { watchDeploy } = rig.start({ target, now: () => clock });
      return new MockActivityEnvironment().run(watchDeploy, { runId: RUN, sha: rig.sha });
    };
    for (const seen of ['1 of 3', '2 of 3']) {
      await expect(once()).rejects.toMatchObject({ type: 'NotYet', message: expect.stringContaining(seen) as string });
      clock += 2_000;
    }

    expect(await once()).toEqual({ kind: 'green', proven: ['health'] });
    expect(rig.asked()).toBe(3);
  });

  it('does not win time by it: the deadline counts from the first look', async () => {
    const target = { health: health() };
    rig.answer(says('old'));
    const environment = new MockActivityEnvironment();
    const first = inActivity(rig.start({ target }).watchDeploy, { runId: RUN, sha: rig.sha }, environment);
    const stopped = expect(first).rejects.toThrow();
    await expect.poll(() => rig.asked()).toBeGreaterThan(0);
    environment.cancel();
    await stopped;
    // A request that the first look gave up may still arrive, so the second look asks under a name of its own.
    let asked = 0;
    rig.answer((request, response) => {
      if (request.url?.endsWith('?second') === true) asked += 1;
      says('old')(request, response);
    });

    const { watchDeploy } = rig.start({
      target: { health: health({ url: `${rig.url}?second` }) },
      now: () => Date.now() + 20_001,
    });
    expect(await inActivity(watchDeploy, { runId: RUN, sha: rig.sha })).toMatchObject({
      kind: 'red',
      stage: 'health',
    });
    expect(asked).toBe(1);
  });
});

describe('proving the head of main', () => {
  it('is proven when the head contains our sha and is green, whatever was red before', async () => {
    const red = rig.start({ target: { command: 'exit 1' } });
    expect(await inActivity(red.watchDeploy, { runId: RUN, sha: rig.sha })).toMatchObject({ kind: 'red' });
    await moveRun(rig, 1);

    const { proveHead } = rig.start({ target: { command: 'true' } });

    const same = { runId: RUN, sha: rig.sha, reverted: false };
    expect(await inActivity(proveHead, same)).toEqual({ kind: 'proven', sha: rig.sha, proven: ['deploy'] });
    const head = await rig.commit('app.txt', 'two\n');
    expect(await inActivity(proveHead, same)).toEqual({ kind: 'proven', sha: head, proven: ['deploy'] });
  });

  it('is not proven by a head that lacks our sha, nor by a revert that did not happen, nor by a red head', async () => {
    const { proveHead } = rig.start({ target: { command: 'exit 1' } });
    const ours = await rig.commit('app.txt', 'two\n');

    expect(await inActivity(proveHead, { runId: RUN, sha: ours, reverted: true })).toMatchObject({
      kind: 'not-proven',
      reason: expect.stringContaining('nothing was reverted'),
    });
    expect(await inActivity(proveHead, { runId: RUN, sha: ours, reverted: false })).toMatchObject({
      kind: 'not-proven',
      reason: expect.stringContaining('deploy is red'),
    });
    await rig.resetMain(rig.sha);
    expect(await inActivity(proveHead, { runId: RUN, sha: ours, reverted: false })).toMatchObject({
      kind: 'not-proven',
      reason: expect.stringContaining('does not contain'),
    });
  });
});
