/** Effects over a real store and a real process that dies by SIGKILL right before or right after it acted (invariant 5). */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { EffectClass } from '../../store/port.ts';
import { noCrash } from './crash-point.ts';
import type { EffectInput } from './effect-process.ts';
import { createPerformEffect, Withheld, type Effect } from './perform.ts';
import { runSubject } from '../../domain/unit.ts';

const PROGRAM = fileURLToPath(new URL('effect-process.ts', import.meta.url));
const KEY = 'act/run-1/abc';
const RUN = runSubject('run-1');

interface Delivery {
  readonly key: string;
  readonly repeat: boolean;
}

let dir: string;
let world: Server;
let deliveries: Delivery[];
/** What the world answers with before it does anything. */
let refuses: boolean;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'effects-'));
  deliveries = [];
  refuses = false;
  world = createServer((request, response) => {
    const key = decodeURIComponent((request.url ?? '').slice(1));
    if (request.method === 'POST') {
      if (refuses) return void response.writeHead(503).end();
      deliveries.push({ key, repeat: request.headers['x-repeat'] === 'true' });
      return void response.end(`receipt ${deliveries.length}`);
    }
    const found = deliveries.findIndex((one) => one.key === key);
    return void (found === -1 ? response.writeHead(404).end() : response.end(`receipt ${found + 1}`));
  }).listen(0, '127.0.0.1');
  await once(world, 'listening');
});

afterEach(async () => {
  world.closeAllConnections();
  world.close();
  await rm(dir, { recursive: true });
});

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly result: string;
  readonly stderr: string;
}

function performInProcess(kind: EffectClass, crashAt: EffectInput['crashAt'] = null): Promise<Ended> {
  const { port } = world.address() as AddressInfo;
  const input: EffectInput = { class: kind, key: KEY, unit: RUN, world: `http://127.0.0.1:${port}`, dir, crashAt };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, JSON.stringify(input)], (_error, result, stderr) => {
      resolve({ signal: child.signalCode, code: child.exitCode, result, stderr });
    });
  });
}

/** Dies at the point, is started again, and once more after that; answers with the results of the two that lived. */
async function dieAndRepeat(
  kind: EffectClass,
  crashAt: 'act.before' | 'act.after' | 'any',
): Promise<readonly string[]> {
  expect((await performInProcess(kind, crashAt)).signal).toBe('SIGKILL');
  expect(await standing()).toEqual([expect.objectContaining({ class: kind, attempts: 1, done: false })]);
  const results: string[] = [];
  for (let again = 0; again < 2; again += 1) {
    const ended = await performInProcess(kind, crashAt);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    results.push(ended.result);
  }
  return results;
}

async function standing() {
  const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  try {
    return await store.effects.list(RUN);
  } finally {
    await store.close();
  }
}

describe('a provable effect', () => {
  it.each(['act.before', 'act.after', 'any'] as const)(
    'is never doubled by a death at %s (invariant 5)',
    async (point) => {
      expect(await dieAndRepeat('provable', point)).toEqual(['receipt 1', 'receipt 1']);
      expect(deliveries).toEqual([{ key: KEY, repeat: false }]);
      expect(await standing()).toEqual([
        { key: KEY, name: 'act', class: 'provable', attempts: 2, done: true, repeated: false },
      ]);
    },
  );

  it('is not doubled by a store that lost its intent', async () => {
    await performInProcess('provable', 'act.after');
    for (const file of ['store.db', 'store.db-wal', 'store.db-shm']) await rm(join(dir, file), { force: true });
    expect(await performInProcess('provable')).toMatchObject({ code: 0, result: 'receipt 1' });
    expect(deliveries).toHaveLength(1);
  });
});

describe('an effect that is withheld before it has begun', () => {
  const withheld = async (begun: boolean): Promise<unknown[]> => {
    const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
    try {
      const perform = createPerformEffect({ log: store.effects, crash: noCrash, now: Date.now });
      if (begun) await store.effects.begin({ key: KEY, name: 'act', class: 'provable', unit: RUN, at: 1 });
      const act = (): Promise<never> => Promise.reject(new Withheld('a person wants the run elsewhere'));
      const effect = { key: KEY, name: 'act', unit: RUN, class: 'provable', lookup: async () => null, act } as const;
      await expect(perform(effect)).rejects.toThrow(Withheld);
      return await store.effects.list(RUN);
    } finally {
      await store.close();
    }
  };

  it('leaves no intent, as if it had not been asked for', async () => {
    expect(await withheld(false)).toEqual([]);
  });

  it('leaves the intent of an earlier attempt, whose outcome nobody knows', async () => {
    expect(await withheld(true)).toMatchObject([{ key: KEY, done: false }]);
  });
});

describe('two attempts at one effect in one process', () => {
  it.each(['provable', 'keyed', 'at-least-once'] as const)(
    '%s: the second waits for the first and does nothing (invariant 5)',
    async (kind) => {
      const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
      try {
        const perform = createPerformEffect({ log: store.effects, crash: noCrash, now: Date.now });
        const world: string[] = [];
        const answer = Promise.withResolvers<void>();
        const act = async (repeat: boolean): Promise<string> => {
          await answer.promise;
          world.push(repeat ? 'again' : 'once');
          return 'receipt';
        };
        const shared = { key: KEY, name: 'act', unit: RUN, act };
        const effect: Effect<string> =
          kind === 'provable'
            ? { ...shared, class: kind, lookup: async () => (world.length > 0 ? 'receipt' : null) }
            : { ...shared, class: kind };

        const both = Promise.all([perform(effect), perform(effect)]);
        await store.events.last();
        answer.resolve();

        expect(await both).toEqual(['receipt', 'receipt']);
        expect(world).toEqual(['once']);
      } finally {
        await store.close();
      }
    },
  );

  it('an attempt after one that failed acts', async () => {
    const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
    try {
      const perform = createPerformEffect({ log: store.effects, crash: noCrash, now: Date.now });
      let tries = 0;
      const effect: Effect<string> = {
        class: 'keyed',
        key: KEY,
        name: 'act',
        unit: RUN,
        act: async () => {
          tries += 1;
          if (tries === 1) throw new Error('the world refused');
          return 'receipt';
        },
      };
      const first = perform(effect);
      const second = perform(effect);

      await expect(first).rejects.toThrow('the world refused');
      expect(await second).toBe('receipt');
    } finally {
      await store.close();
    }
  });
});

describe('an effect that the world answered with no', () => {
  it('is not remembered: asked again it acts again, and what then happens stands', async () => {
    const store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
    try {
      const perform = createPerformEffect({ log: store.effects, crash: noCrash, now: Date.now });
      const answers = ['refused', 'refused', 'done', 'never asked'];
      const effect: Effect<string> = {
        class: 'provable',
        key: KEY,
        name: 'act',
        unit: RUN,
        lookup: async () => null,
        act: async () => answers.shift() ?? 'none',
        happened: (answer) => answer === 'done',
      };

      expect(await perform(effect)).toBe('refused');
      expect(await store.effects.list(RUN)).toEqual([]);
      expect(await perform(effect)).toBe('refused');
      expect(await perform(effect)).toBe('done');
      expect(await perform(effect)).toBe('done');
      expect(await store.effects.list(RUN)).toMatchObject([{ key: KEY, done: true }]);
    } finally {
      await store.close();
    }
  });
});

describe('a keyed effect', () => {
  it('dead before it acted, is done once', async () => {
    expect(await dieAndRepeat('keyed', 'act.before')).toEqual(['receipt 1', 'receipt 1']);
    expect(deliveries).toEqual([{ key: KEY, repeat: false }]);
  });

  it('dead after it acted, is done again with the same key, by which the receiver knows it (invariant 5)', async () => {
    expect(await dieAndRepeat('keyed', 'act.after')).toEqual(['receipt 2', 'receipt 2']);
    expect(deliveries).toEqual([
      { key: KEY, repeat: false },
      { key: KEY, repeat: false },
    ]);
    expect(await standing()).toMatchObject([{ attempts: 2, done: true, repeated: false }]);
  });
});

describe('an at-least-once effect', () => {
  it('is done again after an unknown outcome, and marked as a repeat to people and in the record (invariant 5)', async () => {
    expect(await dieAndRepeat('at-least-once', 'act.after')).toEqual(['receipt 2', 'receipt 2']);
    expect(deliveries.map((one) => one.repeat)).toEqual([false, true]);
    expect(await standing()).toMatchObject([{ attempts: 2, done: true, repeated: true }]);
  });

  it('dead before it acted, is marked too: nobody can tell the two apart', async () => {
    expect(await dieAndRepeat('at-least-once', 'act.before')).toEqual(['receipt 1', 'receipt 1']);
    expect(deliveries.map((one) => one.repeat)).toEqual([true]);
    expect(await standing()).toMatchObject([{ attempts: 2, done: true, repeated: true }]);
  });
});

describe('an effect that the world refuses', () => {
  it.each(['provable', 'keyed', 'at-least-once'] as const)(
    '%s: says so, is not taken for done, and is done later',
    async (kind) => {
      refuses = true;
      const refused = await performInProcess(kind);
      expect(refused).toMatchObject({ code: 1, result: '' });
      expect(refused.stderr).toContain('the world refused with 503');
      expect(await standing()).toMatchObject([{ attempts: 1, done: false }]);
      refuses = false;
      expect(await performInProcess(kind)).toMatchObject({ code: 0, result: 'receipt 1' });
      expect(await standing()).toMatchObject([{ attempts: 2, done: true }]);
    },
  );
});
