/** What decorates a result fails, and the result stands. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../store/port.ts';
import { MISSING_FACTS } from '../run/aside.ts';
import { repoParts } from './repo-parts-bench.ts';
import { openSessionBench, RUN, type SessionBench } from './session-bench.ts';
import { runSubject } from '../../domain/unit.ts';

let bench: SessionBench;
/** The writes that fail, by what they are of. */
let broken: Set<string>;
afterEach(() => bench.close());

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
  bench = await openSessionBench(`name: one\nmatch: Greet people\nsteps:\n${yaml}`, repoParts, failing);
}

async function runAll(): Promise<string[]> {
  const step = await bench.turn();
  if (step.kind !== 'tools') throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  for (const { id } of step.calls) await bench.tool(step.turn, id);
  return (await bench.transcript()).results.filter(({ turn }) => turn === step.turn).map(({ content }) => content);
}

const kinds = async (): Promise<string[]> => (await bench.store.evidence.list(runSubject(RUN))).map(({ kind }) => kind);
/** As the notices of the api read them. */
const notices = async (): Promise<string[]> =>
  (await bench.store.control.facts(MISSING_FACTS)).map(
    ({ value }) => `${value?.what ?? ''} could not be written: ${value?.why ?? ''}`,
  );

describe('what decorates never costs what counts', () => {
  test('a reply that is paid for stays when its words could not be shown as they came', async () => {
    await open('{ say: a long enough text, calls: [{ note: on }] }');
    await bench.open();
    broken.add('text.delta');

    expect(await bench.turn()).toMatchObject({ kind: 'tools', turn: 1 });

    expect((await bench.transcript()).turns).toHaveLength(1);
    expect(await bench.model.requests()).toHaveLength(1);
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
    await bench.open();
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
    await bench.open();
    broken.add('tool-output');

    expect((await runAll())[0]).toContain('characters left out');
    expect(await notices()).toHaveLength(1);
  });

  test('a session opens, and a plan counts, without their evidence', async () => {
    await open('{ calls: [{ note: on }] }');
    broken.add('prompt').add('triage');

    expect(await bench.triage()).toEqual({ kind: 'accepted' });
    await bench.open();

    expect(await bench.turn()).toMatchObject({ kind: 'tools' });
    expect(await kinds()).toEqual([]);
  });
});
