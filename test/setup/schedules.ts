/** Schedules of namespaces that a test is done with. */
import { Client, Connection, NamespaceNotFoundError, ScheduleNotFoundError } from '@temporalio/client';
import { POLLER_SCHEDULE } from '../../workers/temporal.ts';

/** Left behind, it would start pollers each second for as long as the server of the suite lives, one for each namespace. */
export async function deleteSchedule({ address, namespace }: { address: string; namespace: string }): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await new Client({ connection, namespace }).schedule.getHandle(POLLER_SCHEDULE).delete();
  } catch (error) {
    // What died before it had written one leaves none.
    if (!(error instanceof ScheduleNotFoundError || error instanceof NamespaceNotFoundError)) throw error;
  } finally {
    await connection.close();
  }
}
