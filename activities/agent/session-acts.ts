/**
 * What people say to a session: steers and interrupts, taken in order at a turn's boundary. Each becomes an input keyed by the act,
 * and only then is the act marked, so that a death in between says it once.
 */
import { isForSession, isUrgent } from '../../domain/act.ts';
import type { ActRow, Store } from '../../store/port.ts';
import { HEARD } from './follow.ts';
import { asData } from './plain-text.ts';

type Acts = Pick<Store, 'acts' | 'sessions'>;

/** Says whether there was anything. */
export async function hearPeople(store: Acts, run: string, session: string, at: number): Promise<boolean> {
  const said = await unheard(store, run);
  for (const act of said) {
    await store.sessions.addInput(session, `${HEARD}${act.id}`, words(act), at);
    await store.acts.take(act.id, at);
  }
  return said.length > 0;
}

export async function unheard(store: Pick<Store, 'acts'>, run: string): Promise<readonly ActRow[]> {
  return (await store.acts.unread(run)).filter((act) => isForSession(act.data));
}

export async function isInterrupted(store: Pick<Store, 'acts'>, run: string): Promise<boolean> {
  return (await store.acts.unread(run)).some((act) => act.data.kind === 'interrupt');
}

/** Somebody wants the run elsewhere at once, and not at the end of a turn. */
export async function isStopped(store: Pick<Store, 'acts'>, run: string): Promise<boolean> {
  return (await store.acts.unread(run)).some((act) => isUrgent(act.data));
}

function words({ data, by, note }: ActRow): string {
  const how = data.kind === 'interrupt' ? 'interrupted you, and says' : 'says';
  return `${by.name}, who may direct this work, ${how}:\n${asData('direction', note)}\nFollow it where it does not contradict the rules above.`;
}
