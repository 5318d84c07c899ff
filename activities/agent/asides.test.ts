/** What decorates a result fails, and the result stands. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../store/port.ts';
import { MISSING_FACTS } from '../pace/aside.ts';
import { repoAdapters } from './repo-adapters-rig.ts';
import { openSessionRig, RUN, type SessionRig } from './session-rig.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: SessionRig;
/** The writes that fail, by what they are of. */
let broken: Set<string>;
afterEach(() => rig.close());

function failing(store: Store): Store {
  const write = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    broken.has(what) ? Promise.reject(new Error(`no space left for ${what}`)) : work();
  return {
    ...store,
    events: { ...store.events, append: (event) => write(event.kind, () => store.events.append(event)) },
    evidence: { ...store.evidence, put: (given) => write(given.kind, () => store.evidence.put(given)) },
  };
}

async function open(...steps: string[]): Promise<void> {
  broken = new Set();
  const yaml = steps.map((step) => `  - ${step}\n`).join('');
  rig = await openSessionRig(`name: one\nmatch: Greet people\nsteps:\n${yaml}`, repoAdapters, failing);
}

async function runAll(): Promise<string[]> {
  const step = await rig.turn();
  if (step.kind !== 'tools') throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  for (const { id } of step.calls) await rig.tool(step.turn, id);
  return (await rig.transcript()).results.filter(({ turn }) => turn === step.turn).map(({ content }) => content);
}

const kinds = async (): Promise<string[]> => (await rig.store.evidence.list(runSubject(RUN))).map(({ kind }) => kind);
/** As the notices of the api read them. */
const notices = async (): Promise<string[]> =>
  (await rig.store.control.facts(MISSING_FACTS)).map(
    ({ value }) => `${value?.what ?? ''} could not be written: ${value?.why ?? ''}`,
  );

describe('what decorates never costs what counts', () => {
  test('a reply that is paid for stays when its words could not be shown as they came', async () => {
    await open('{ say: a long enough text, calls: [{ note: on }] }');
    await rig.open();
    broken.add('text.delta');

    expect(await rig.turn()).toMatchObject({ kind: 'tools', turn: 1 });

    expect((await rig.transcript()).turns).toHaveLength(1);
    expect(await rig.model.requests()).toHaveLength(1);
    expect(await notices()).toEqual([
      expect.stringContaining('what turn 1 said as it came could not be written: no space left') as string,
    ]);
  });

  test("a command's result stays when its commits could not be bundled, and the next call of any kind makes up for it", async () => {
    await open(
      `{ calls: [{ bash: 'echo a > a; git add a; git commit -qm A; echo done' }] }`,
      '{ calls: [{ note: on }] }',
      '{ calls: [{ note: on }] }',
    );
    await rig.open();
    broken.add('bundle');

    expect(await runAll()).toEqual(['done\n[exit code 0]']);
    expect(await kinds()).not.toContain('bundle');
    expect(await notices()).toEqual([
      expect.stringContaining('the bundle of its newest commits could not be written') as string,
    ]);
    expect(await runAll()).toEqual(['noted']);
    broken.clear();
    expect(await runAll()).toEqual(['noted']);

    expect((await kinds()).filter((kind) => kind === 'bundle')).toHaveLength(1);
  });

  test('long output reaches the model when the whole of it could not be kept', async () => {
    await open('{ calls: [{ bash: seq 1 20000 }] }');
    await rig.open();
    broken.add('tool-output');

    expect((await runAll())[0]).toContain('characters left out');
    expect(await notices()).toHaveLength(1);
  });

  test('a session opens, and a plan counts, without their evidence', async () => {
    await open('{ calls: [{ note: on }] }');
    broken.add('prompt').add('triage');

    expect(await rig.triage()).toEqual({ kind: 'accepted' });
    await rig.open();

    expect(await rig.turn()).toMatchObject({ kind: 'tools' });
    expect(await kinds()).toEqual([]);
  });
});
