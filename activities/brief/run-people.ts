/** What people ask of a run while its session works: its acts. A person's steer or interrupt is said to the session, word for word. */
import { isForSession, isUrgent } from '../../domain/act.ts';
import type { ActRow } from '../../store/port.ts';
import { asData } from '../agent/plain-text.ts';
import type { People } from '../agent/unit-work.ts';
import { hasActs, type ActsOfRun } from '../run/minding.ts';

export function runPeople(store: ActsOfRun): People {
  return {
    async said(run) {
      const acts = (await store.acts.unread(run)).filter((act) => isForSession(act.data));
      return acts.map((act) => ({ id: act.id, text: words(act) }));
    },
    taken: ({ id }, at) => store.acts.take(id, at),
    async cutShort(run) {
      return (await store.acts.unread(run)).some(({ data }) => data.kind === 'interrupt' || isUrgent(data));
    },
    callAway: (run) => hasActs(store, run),
  };
}

function words({ data, by, note }: ActRow): string {
  const how = data.kind === 'interrupt' ? 'interrupted you, and says' : 'says';
  return `${by.name}, who may direct this work, ${how}:\n${asData('direction', note)}\nFollow it where it does not contradict the rules above.`;
}
