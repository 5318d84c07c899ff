/** Sessions whose model says, and whose commands print, what a strict Messages API refuses when it comes back. */
import { afterEach, describe, expect, test } from 'vitest';
import { messagesOf } from './conversation.ts';
import { repoAdapters } from './repo-adapters-rig.ts';
import { openSessionRig, SESSION, type SessionRig } from './session-rig.ts';

let rig: SessionRig;
afterEach(() => rig.close());

async function open(...steps: string[]): Promise<void> {
  const yaml = steps.map((step) => `  - ${step}\n`).join('');
  rig = await openSessionRig(`name: one\nmatch: Greet people\nsteps:\n${yaml}`, repoAdapters);
  await rig.open();
}

/** The calls of the next turn, all run. */
async function runAll(): Promise<void> {
  const step = await rig.turn();
  if (step.kind !== 'tools') throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  for (const { id } of step.calls) await rig.tool(step.turn, id);
}

async function results(): Promise<string[]> {
  return (await rig.transcript()).results.map(({ content }) => content);
}

const raw = (name: string, json: string): string => `{ raw: { name: ${JSON.stringify(name)}, json: '${json}' } }`;

describe('a session goes on', () => {
  test('after output that is cut where a character is', async () => {
    await open(
      `{ calls: [{ bash: 'python3 -c "print(chr(120)+chr(0x1F56F)*40000)"' }] }`,
      `{ expect: { lastMessage: { contains: characters left out } }, calls: [{ note: on }] }`,
    );

    await runAll();

    expect(JSON.stringify(messagesOf(await rig.transcript()))).not.toMatch(/\\ud[89a-f]|\ufffd/i);
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
  });

  test('after output of control codes and of bytes that are no text', async () => {
    await open(`{ calls: [{ bash: "printf 'a\\\\0b\\\\377c'" }] }`, '{ calls: [{ note: on }] }');

    await runAll();

    expect(JSON.stringify(messagesOf(await rig.transcript()))).not.toContain('\\u0000');
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
  });

  test('after names and inputs that no API takes back', async () => {
    const calls = [raw('functions.bash<|x|>', '{}'), raw('n'.repeat(300), '[1]'), raw('note', '{"text": "\\ud83d"}')];
    await open(`{ calls: [${calls.join(', ')}] }`, '{ calls: [{ note: on }] }');

    await runAll();

    expect((await results())[0]).toMatch(/^There is no tool functions\.bash<\|x\|>\./);
    expect((await results())[1]?.length).toBeLessThan(400);
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
  });

  test('after two calls of one reply with the same id, each of which has run once and has its own result', async () => {
    await open('{ calls: [{ note: x }] }', '{ calls: [{ note: on }] }');
    const content = ['one', 'two'].map((word) => ({
      type: 'tool_use',
      id: 'toolu_1',
      name: 'bash',
      input: { command: `echo ${word} | tee -a ran` },
    }));
    const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
    // As a transcript of long ago has it: nobody told the two apart when it was stored.
    const turn = { session: SESSION, turn: 1, content, stopReason: 'tool_use', model: 'scripted', usage };
    await rig.store.sessions.commitTurn({ ...turn, microUsd: 1, at: 1 });

    await runAll();

    expect(await results()).toEqual(['one\n[exit code 0]', 'two\n[exit code 0]']);
    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 2 });
  });
});
