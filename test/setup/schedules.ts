/** Schedules of namespaces that a test is done with. */
import { Client, Connection, NamespaceNotFoundError, ScheduleNotFoundError } from '@temporalio/client';
import { POLLER_SCHEDULE } from '../../workers/temporal.ts';

/** With its poller. Left behind, both would go on for as long as the server of the suite lives. */
export async function deleteSchedule({ address, namespace }: { address: string; namespace: string }): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    const schedule = client.schedule.getHandle(POLLER_SCHEDULE);
    const { info } = await schedule.describe();
    await schedule.delete();
    for (const { workflow } of info.runningActions) await client.workflow.getHandle(workflow.workflowId).terminate();
  } catch (error) {
    // What died before it had written one leaves none.
    if (!(error instanceof ScheduleNotFoundError || error instanceof NamespaceNotFoundError)) throw error;
  } finally {
    await connection.close();
  }
}
