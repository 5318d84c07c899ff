import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Outage } from '../../domain/outage.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { createRedaction } from '../evidence/redact.ts';
import { endingLastingFailures } from './lasting-failures.ts';
import { notYet } from '../pace/waiting.ts';

describe('the work of a stage that throws', () => {
  let dir: string;
  let store: Store;
  let now = 0;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lamplighter-failures-'));
    store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
    now = 0;
  });
  afterEach(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });

  /** One attempt after the other, as Temporal makes them, until one is the last or as many were made. */
  async function attempts(
    most: number,
    thrown: (attempt: number) => unknown,
  ): Promise<{ last: unknown; made: number }> {
    const redaction = createRedaction([{ name: 'TOKEN', value: 'p4ssw0rd-of-the-remote' }]);
    let attempt = 0;
    const work = {
      async verifyRun(_run: { readonly runId: string }): Promise<never> {
        throw thrown(attempt);
      },
    };
    const ending = endingLastingFailures(work, { verifyRun: 'the gates' }, { store, redaction, now: () => now });
    let last: unknown = null;
    while (attempt < most) {
      attempt += 1;
      const environment = new MockActivityEnvironment({ attempt });
      last = await environment.run(() => ending.verifyRun({ runId: 'lib-1' })).catch((error: unknown) => error);
      if (last instanceof ApplicationFailure && last.nonRetryable === true) break;
      now += 15_000;
    }
    return { last, made: attempt };
  }

  it('alike a few times over a minute fails for good, with what failed, how often, why and what to do', async () => {
    const { last, made } = await attempts(50, (attempt) => new Error(`gate-${attempt}: the name is not UTF-8`));

    expect(made).toBe(5);
    expect(last).toMatchObject({
      nonRetryable: true,
      message: expect.stringMatching(/^the gates failed 5 times within 60 s: gate-5: the name is not UTF-8\. .*mend/),
    });
  });

  it('a fault of our own says that it is one', async () => {
    const { last } = await attempts(50, () => new TypeError("Cannot read properties of null (reading 'input_tokens')"));
    expect(last).toHaveProperty('message', expect.stringContaining('a fault of Lamplighter itself'));
  });

  it.each<readonly [string, () => unknown]>([
    ['an outage', () => new Outage('the remote does not answer')],
    ['a network that is down', () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a wait', () => notYet('nobody has acted')],
    ['a model that is overloaded', () => ApplicationFailure.create({ message: 'overloaded', type: 'overloaded' })],
  ])('for %s is waited out, however often', async (_name, thrown) => {
    const { last, made } = await attempts(60, thrown);

    expect(made).toBe(60);
    expect((last as Error).message).toBe((thrown() as Error).message);
  });

  it('between outages is counted all the same', async () => {
    const { made } = await attempts(50, (attempt) => (attempt % 2 === 0 ? new Outage('gone') : new Error('broken')));
    expect(made).toBe(9);
  });

  it('begins anew with another piece of work', async () => {
    await attempts(4, () => new Error('broken'));
    expect((await attempts(4, () => new Error('broken'))).last).toHaveProperty('message', 'broken');
  });

  it('tells nobody a secret that its words hold', async () => {
    const { last } = await attempts(50, () => new Error('https://x:p4ssw0rd-of-the-remote@host refused it'));
    expect(last).toHaveProperty('message', expect.not.stringContaining('p4ssw0rd-of-the-remote'));
  });

  it('is left alone when it is stopped: a stop says nothing of the work', async () => {
    const environment = new MockActivityEnvironment({ attempt: 1 });
    const ending = endingLastingFailures(
      {
        async verifyRun(_run: { readonly runId: string }): Promise<void> {
          environment.cancel();
          throw new Error('git was stopped from outside');
        },
      },
      { verifyRun: 'the gates' },
      { store, redaction: createRedaction([]), now: () => now },
    );
    await expect(environment.run(() => ending.verifyRun({ runId: 'lib-1' }))).rejects.toThrow('stopped');
    expect(await store.control.fact('failures/lib-1/verifyRun')).toBeNull();
  });
});
