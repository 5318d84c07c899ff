/** What open runs had to do without (activities/pace/aside.ts), for who looks. */
import { MISSING_FACTS } from '../../activities/pace/aside.ts';
import type { Store } from '../../store/port.ts';
import type { NoticeView } from '../views/view.ts';

/** What was not missed again for so long is over. */
const SHOWN_MS = 60 * 60_000;

export async function missingNotices(control: Pick<Store['control'], 'facts'>, now: number): Promise<NoticeView[]> {
  const facts = (await control.facts(MISSING_FACTS)).filter(({ at }) => now - at < SHOWN_MS);
  return facts.flatMap(({ key, value }) => {
    if (value === null) return [];
    const { what, why } = value;
    return {
      text: `run ${key.slice(MISSING_FACTS.length)} goes on, but ${what} could not be written: ${why}`,
      remedy: 'look at the disk and at the store; what is owed is made up for',
    };
  });
}
