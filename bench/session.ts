/**
 * What one turn of a long session takes in our process and our store, at its 10th, 100th and 300th turn: flat, if a turn costs what is new.
 * Real store, activities and Messages API adapter, scripted model; the commands answer at once. A process of its own, started by bench.ts.
 */
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { openSessionRig, type SessionRig, type SessionParts } from '../activities/agent/session-rig.ts';
import type { Model } from '../activities/model/port.ts';
import type { Store } from '../store/port.ts';
import { answerWith, middle, rounded } from './answer.ts';

const LENGTHS = [10, 100, 300] as const;
const LAST = 300;
/** A figure is the middle one of so many turns up to the one that it is named by. */
const WINDOW = 10;
const NO_CAP = { dayMicroUsd: 1e12, monthMicroUsd: 1e12 };
const SAID = 'I read the failing test, then the module that it names, and change the smallest thing. '.repeat(6);
const PRINTED = 'ok 17 - a line as a test run prints it, with a name and a duration # time=3.141ms\n'.repeat(30);

const HOW =
  'One session of 300 turns: each says some 500 characters and runs one command that prints 2.5 kB, through the activities as a worker calls them, over SQLite. ' +
  'ms: a turn without the time in which the model port was called (what goes to the model is its whole conversation, whoever asks). ' +
  'readBytes: what the store answered with in one turn, as JSON. Both at the 10th, 100th and 300th turn: the middle one of the ten turns up to it, over all rounds. ' +
  'storedBytes: all columns of all tables at the end, a turn; saidBytes: what model and command said of it.';

interface Turn {
  readonly ms: number;
  readonly readBytes: number;
}

async function measure(rounds: number): Promise<object> {
  const counted = await oneSession({ counts: true });
  const timed = [];
  for (let round = 1; round <= rounds; round += 1) {
    timed.push(await oneSession({ counts: false }));
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  const at = (length: number, read: (turn: Turn) => number, of: readonly (readonly Turn[])[]): number =>
    rounded(middle(of.flatMap((turns) => turns.slice(length - WINDOW, length).map(read))), 2);
  const byLength = (read: (turn: Turn) => number, of: readonly (readonly Turn[])[]): object => {
    const figures = LENGTHS.map((length) => at(length, read, of));
    const [first = Number.NaN, last = Number.NaN] = [figures[0], figures.at(-1)];
    return { ...Object.fromEntries(LENGTHS.map((length, n) => [length, figures[n]])), ratio: rounded(last / first, 2) };
  };
  return {
    how: HOW,
    rounds,
    load: loadavg()[0],
    ms: byLength(
      ({ ms }) => ms,
      timed.map(({ turns }) => turns),
    ),
    readBytes: byLength(({ readBytes }) => readBytes, [counted.turns]),
    storedBytes: counted.storedBytes,
    saidBytes: SAID.length + PRINTED.length,
    tables: counted.tables,
  };
}

async function oneSession({ counts }: { readonly counts: boolean }): Promise<{
  readonly turns: readonly Turn[];
  readonly storedBytes: number;
  readonly tables: Readonly<Record<string, number>>;
}> {
  let read = 0;
  const counting = (store: Store): Store =>
    counts ? answering(store, (answer) => (read += JSON.stringify(answer ?? null).length)) : store;
  const bench = await openSessionRig(scenario(), quickParts, counting);
  let inModel = 0;
  // The activities hold the same model: the time of its calls is taken off.
  const { model } = bench.model;
  const call: Model['call'] = model.call.bind(model);
  Object.assign(model, {
    call: async (...given: Parameters<Model['call']>) => {
      const begun = performance.now();
      try {
        return await call(...given);
      } finally {
        inModel += performance.now() - begun;
      }
    },
  });
  try {
    bench.cap({ total: NO_CAP, anyRepo: NO_CAP });
    await bench.open();
    const turns: Turn[] = [];
    for (let turn = 1; turn <= LAST; turn += 1) {
      [read, inModel] = [0, 0];
      const begun = performance.now();
      await oneTurn(bench);
      turns.push({ ms: performance.now() - begun - inModel, readBytes: read });
    }
    const tables = tableSizes(join(bench.model.dir, 'store.db'));
    const storedBytes = Math.round(Object.values(tables).reduce((sum, bytes) => sum + bytes, 0));
    return { turns, storedBytes, tables };
  } finally {
    await bench.close();
  }
}

async function oneTurn(bench: SessionRig): Promise<void> {
  const step = await bench.turn({ turns: 2 * LAST, issueMicroUsd: NO_CAP.dayMicroUsd, sessionMs: 1e9 });
  if (step.kind !== 'tools') throw new Error(`the model was to ask for a command: ${JSON.stringify(step)}`);
  for (const { id } of step.calls) await bench.tool(step.turn, id);
}

/** Answers at once: what a sandbox takes is measured elsewhere. */
function quickParts(): Promise<SessionParts> {
  const base = 'b'.repeat(40);
  const worktree = { dir: '/work', binds: [], env: {}, lock: '/lock', outbox: '/outbox' };
  let ran = 0;
  return Promise.resolve({
    base,
    git: { readFile: () => Promise.resolve(null), openWorktree: () => Promise.resolve(worktree) },
    sandbox: {
      run: ({ argv }) => {
        const stdout = argv[0] === 'git' ? `${base}\n` : `run ${(ran += 1)}\n${PRINTED}`;
        return Promise.resolve({ end: 'exited', code: 0, stdout, stderr: '', droppedBytes: 0, ms: 1 });
      },
    },
  });
}

function scenario(): string {
  const steps = Array.from(
    { length: LAST },
    (_, n) => `  - { say: "${n} ${SAID}", calls: [{ bash: "npm test -- ${n}" }] }`,
  );
  return `name: long\nmatch: Greet people\nsteps:\n${steps.join('\n')}\n`;
}

/** The store, telling of each answer of it. */
function answering(store: Store, heard: (answer: unknown) => void): Store {
  const around = <P extends object>(port: P): P =>
    new Proxy(port, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value === 'object' && value !== null) return around(value);
        if (typeof value !== 'function') return value;
        return async (...given: readonly unknown[]) => {
          const answer: unknown = await Reflect.apply(value, target, given);
          heard(answer);
          return answer;
        };
      },
    });
  return around(store);
}

/** Bytes a turn in each table that has any to speak of. */
function tableSizes(file: string): Readonly<Record<string, number>> {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const sizes = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }): [string, number] => {
        const columns = database.prepare(`PRAGMA table_info(${String(name)})`).all();
        const lengths = columns
          .map((column) => `COALESCE(LENGTH(CAST(${String(column['name'])} AS BLOB)), 0)`)
          .join(' + ');
        const row = database.prepare(`SELECT COALESCE(SUM(${lengths}), 0) AS bytes FROM ${String(name)}`).get();
        return [String(name), Math.round(Number(row?.['bytes'] ?? 0) / LAST)];
      });
    return Object.fromEntries(sizes.filter(([, bytes]) => bytes > 0));
  } finally {
    database.close();
  }
}

answerWith(({ runs }: { readonly runs: number }) => measure(runs));
