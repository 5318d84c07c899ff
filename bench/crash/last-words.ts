/** What a run that did not come to its end said last, for the finding: its newest event, and the newest results in its session. */
import type { RunRow, Store } from '../../store/port.ts';
import { runSubject } from '../../domain/unit.ts';

const RESULTS = 3;
const CHARACTERS = 160;

export async function lastWords(
  { events, sessions }: Pick<Store, 'events' | 'sessions'>,
  run: RunRow,
): Promise<string> {
  const rows = await events.after(0, { subject: runSubject(run.id), limit: 100_000 });
  const newest = rows.at(-1);
  const said = newest === undefined ? ['no event'] : [`last event ${newest.kind}`];
  for (const id of await sessions.ofUnit(runSubject(run.id))) {
    const { results } = await sessions.transcript(id);
    for (const { turn, content, isError } of results.slice(-RESULTS))
      said.push(`turn ${turn}${isError ? ', an error' : ''}: ${oneLine(content)}`);
  }
  return said.join(' | ');
}

function oneLine(text: string): string {
  return text.slice(0, CHARACTERS).replaceAll(/\s+/g, ' ').trim();
}
