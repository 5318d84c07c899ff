/** Ports with a crash point before and after every call that changes something. */
import { describe, expect, it } from 'vitest';
import { withCrashPoints, withoutCrashPoints } from './port-crash-points.ts';

interface Port {
  readonly name: string;
  readonly rows: { transition(id: string): Promise<string>; get(id: string): Promise<string> };
  close(): Promise<void>;
}

function recorded() {
  const seen: string[] = [];
  const port: Port = {
    name: 'real',
    rows: {
      async transition(id) {
        seen.push(`moved ${id}`);
        return `row ${id}`;
      },
      get: async (id) => `row ${id}`,
    },
    close: async () => void seen.push('closed'),
  };
  return { seen, port };
}

describe('a port with crash points', () => {
  it('passes a point before and after a call that changes something, and none at a read', async () => {
    const { seen, port } = recorded();
    const store = withCrashPoints((point) => seen.push(point))('store', port);

    expect(await store.rows.transition('a')).toBe('row a');
    expect(await store.rows.get('a')).toBe('row a');
    await store.close();

    expect(seen).toEqual([
      'store.rows.transition.before',
      'moved a',
      'store.rows.transition.after',
      'store.close.before',
      'closed',
      'store.close.after',
    ]);
    expect(store.name).toBe('real');
  });

  it('keeps its crash points in a port that is made of its parts', async () => {
    const { seen, port } = recorded();
    const store = withCrashPoints((point) => seen.push(point))('store', port);
    const redacting: Port = { ...store, rows: { ...store.rows, get: async () => 'redacted' } };

    await redacting.rows.transition('a');

    expect(seen).toEqual(['store.rows.transition.before', 'moved a', 'store.rows.transition.after']);
  });

  it('dead before a call does nothing; dead, it does not even read', async () => {
    const { seen, port } = recorded();
    let dead = false;
    const alive = (): void => {
      if (dead) throw new Error('dead');
    };
    const store = withCrashPoints((point) => {
      alive();
      dead = point === 'store.rows.transition.before';
      alive();
    }, alive)('store', port);

    await expect(store.rows.transition('a')).rejects.toThrow('dead');
    await expect(store.rows.get('a')).rejects.toThrow('dead');
    await expect(store.close()).rejects.toThrow('dead');
    expect(seen).toEqual([]);
  });

  it('is the port itself where nothing is armed', () => {
    const { port } = recorded();
    expect(withoutCrashPoints('store', port)).toBe(port);
  });
});
