/** What each event of a run has changed in its view. A reader that applies all of them has what a fresh look would show. */
import { runSubject } from '../../domain/unit.ts';
import type { EventRow } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { viewRun } from './runs.ts';
import type { RunView, SessionView } from '../views/view.ts';
import { runChanged, type RunChange } from '../views/change.ts';
import { event as eventView } from '../views/event.ts';

/** What a reader gets as it is: words that are being said. */
const SPOKEN = ['text.delta', 'turn.restarted'];

type Frame = object | null;

/** One page of events at a time: what several have changed is read once, and goes with the last of them. */
export function changesOfRun(deps: ApiDeps, id: string): (page: readonly EventRow[]) => Promise<Frame[]> {
  return async (page) => {
    const silent = (row: EventRow): boolean => SPOKEN.includes(row.kind);
    const last = page.findLast((row) => !silent(row));
    const view = last === undefined ? null : await viewRun(deps, id);
    return Promise.all(
      page.map(async (row) => {
        if (silent(row) || view === null) return eventView.parse(row);
        const change = { ...(await partOf(deps, row, view)), ...(row === last ? headOf(view, page) : {}) };
        return runChanged.parse({ ...row, change });
      }),
    );
  };
}

/** Turns, results and evidence move no more of the run's standing than this. */
const LIGHT = ['session.input', 'turn.committed', 'tool.result', 'evidence.added'];

/** All but the long lists, of which each event brings its own. */
function headOf(view: RunView, page: readonly EventRow[]): RunChange {
  const { evidence: _evidence, transitions: _transitions, ...head } = view;
  const { run, spend, holds, killSwitch, effects, acts } = head;
  return page.every((row) => LIGHT.includes(row.kind) || SPOKEN.includes(row.kind))
    ? { run, spend, holds, killSwitch, effects, acts }
    : head;
}

async function partOf(deps: ApiDeps, { kind, data }: EventRow, view: RunView): Promise<RunChange> {
  switch (kind) {
    case 'run.stage':
      return { transitions: view.transitions.filter((one) => one.seq === field(data, 'seq')) };
    case 'evidence.added':
      return { evidence: view.evidence.filter((one) => one.id === field(data, 'id')) };
    case 'session.input':
    case 'turn.committed':
    case 'tool.result':
      return sessionPart(deps, kind, data, view.run.id);
    default:
      return {};
  }
}

async function sessionPart(deps: ApiDeps, kind: string, data: unknown, run: string): Promise<RunChange> {
  const id = field(data, 'session');
  if (typeof id !== 'string') return {};
  const [session, all] = await Promise.all([deps.store.sessions.get(id), deps.store.sessions.transcript(id)]);
  // An event names a session of its own run alone; what is shown of one must not hang on that.
  if (session?.unit !== runSubject(run)) return {};
  const turn = field(data, 'turn');
  const part: SessionView = {
    id,
    at: session.at,
    inputs: kind === 'session.input' ? all.inputs.filter((one) => one.key === field(data, 'key')) : [],
    turns: kind === 'turn.committed' ? all.turns.filter((one) => one.turn === turn) : [],
    results:
      kind === 'tool.result'
        ? all.results.filter((one) => one.turn === turn && one.toolUseId === field(data, 'toolUseId'))
        : [],
  };
  return { session: part };
}

function field(data: unknown, name: string): unknown {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined;
}
