/** Some cells of the room on a real Temporal: a row and no poke; and a session that has left its first execution behind. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestedAct } from '../../domain/act.ts';
import { runWorkflowId, sessionWorkflowId } from '../../domain/run.ts';
import { ended, inStage, openRig, PERSON, type Rig } from '../pipeline/rig.ts';
import { ACCEPT, addFunction } from '../pipeline/scenarios.ts';
import { has } from '../setup/needs.ts';

const SLOW = { calls: [{ note: 'looking around' }], delayMs: 3_000 };
/** More than one execution of a session takes. */
const STEPS = 52;

describe.skipIf(!has('temporal') || !has('bwrap'))('an act on a real engine', { timeout: 240_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  });
  afterAll(() => rig.close());

  /** As the api does, whose poke then comes nowhere. */
  async function leave(run: string, data: RequestedAct): Promise<void> {
    const by = { name: PERSON, kind: 'person', scopes: [] } as const;
    await rig.store.acts.add({ id: randomUUID(), run, data, note: 'because I say so', at: Date.now(), by });
  }

  it('that cancels a run in verify, with its poke lost, is taken before the push', async () => {
    rig.scenario('Stop it in time', addFunction('alpha', 'export function alpha(a) {\n  return a * 10;\n}', '20'));
    const issue = (await rig.release('Stop it in time')).number;
    const { id } = await rig.run(issue, inStage('verify'));
    await leave(id, { kind: 'cancel' });

    const run = await rig.run(issue, ended);
    expect(run.outcome, JSON.stringify(run.state)).toBe('cancelled');
    expect(rig.pushes()).toEqual([]);
  });

  it('that pauses a session, with its poke lost, is taken at the end of the turn, and a resume goes on with it', async () => {
    const { steps } = addFunction('beta', 'export function beta(a) {\n  return a * 10;\n}', '20') as {
      steps: object[];
    };
    rig.scenario('Hold it in time', { triage: ACCEPT, steps: [SLOW, SLOW, ...steps] });
    const issue = (await rig.release('Hold it in time')).number;
    const { id } = await rig.run(issue, inStage('implement'));
    await leave(id, { kind: 'pause' });
    await rig.run(issue, (run) => run.state.progress.pause !== null);
    await leave(id, { kind: 'resume' });

    const run = await rig.run(issue, ended);
    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(run.state.progress.openings).toBe(1);
  });

  /** A run whose session stands in its second execution, in the middle of a slow model call. */
  async function longSession(title: string): Promise<{ readonly issue: number; readonly id: string }> {
    const notes = Array.from({ length: STEPS }, (_none, n) => ({ calls: [{ note: `looking at part ${n}` }] }));
    rig.scenario(title, { triage: ACCEPT, steps: [...notes, { ...SLOW, delayMs: 100_000 }] });
    const issue = (await rig.release(title)).number;
    const { id } = await rig.run(issue, inStage('implement'));
    const turns = async (): Promise<number> => (await rig.store.sessions.transcript(`${id}/work`)).turns.length;
    await expect.poll(turns, { timeout: 100_000 }).toBe(STEPS);
    return { issue, id };
  }

  it.each(['cancel', 'escalate'] as const)('that is a %s reaches a session that has continued as new', async (kind) => {
    const { issue, id } = await longSession(`Be long, then ${kind}`);
    await rig.act(id, { kind });

    const run = await rig.run(issue, ended, 60_000);
    expect(run.outcome).toBe(kind === 'cancel' ? 'cancelled' : 'needs-human');
  });

  it('or a stop from Temporal ends the execution of a session that works, not the one that was started', async () => {
    const { id } = await longSession('Be long, then stopped from outside');
    await rig.client.workflow.getHandle(runWorkflowId(id)).cancel();

    const session = rig.client.workflow.getHandle(sessionWorkflowId(id, 1));
    await expect.poll(async () => (await session.describe()).status.name, { timeout: 60_000 }).not.toBe('RUNNING');
    const { raw } = await session.describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
    // By its own end, or with its run: whichever comes first.
    expect((await session.describe()).status.name).toMatch(/^(?:CANCELLED|TERMINATED|COMPLETED)$/);
  });
});
