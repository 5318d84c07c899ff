/** What a worker does at its start while Temporal is not itself. */
import { ServiceError, type Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { provideSchedule } from './temporal.ts';

/** A server that answers the first times with these codes, wrapped as the client wraps them. */
function answering(...codes: readonly number[]): {
  readonly client: Pick<Client, 'schedule'>;
  readonly asked: () => number;
} {
  let asked = 0;
  const create = async (): Promise<void> => {
    const code = codes[asked];
    asked += 1;
    if (code === undefined) return;
    const cause = Object.assign(new Error('Workflow Task in failed state'), { code });
    throw new ServiceError('Failed to describe schedule', { cause });
  };
  return { client: { schedule: { create } } as unknown as Pick<Client, 'schedule'>, asked: () => asked };
}

describe('the schedule of the poller', () => {
  it('is provided although the server could not say at first: a worker that comes back does not die of it', async () => {
    const { client, asked } = answering(9, 14);
    await provideSchedule(client, { heartbeatSeconds: 15 });
    expect(asked()).toBe(3);
  });

  it('is given up when the server has not healed in time', async () => {
    const { client } = answering(9, 9);
    await expect(provideSchedule(client, { heartbeatSeconds: 15 }, -1)).rejects.toThrow('Failed to describe schedule');
  });

  it('is given up at once when the server refuses it', async () => {
    const { client, asked } = answering(7);
    await expect(provideSchedule(client, { heartbeatSeconds: 15 })).rejects.toThrow('Failed to describe schedule');
    expect(asked()).toBe(1);
  });
});
