/** What every run must look like in the end, however often it was killed: counted in the remote and in the issue. */
import { expect } from 'vitest';
import type { RunView } from '../../api/views/view.ts';
import type { KillRig } from './rig.ts';
import type { KillPlayground } from './playground.ts';

/** The row is terminal first, what the end owes to the issue comes after it. */
export function untilShipped(rig: KillRig, issue: number, seconds: number): Promise<RunView> {
  return rig.until(`run ${issue} has shipped and owes nothing`, seconds, async () => {
    const view = await rig.run(issue);
    if (view?.run.outcome == null) return null;
    if (view.run.outcome !== 'shipped') throw new Error(`run ${issue} ended ${view.run.outcome}: ${view.run.reason}`);
    const isClosed = /^state: closed$/m.test(rig.playground.issueText(issue));
    const owes = !view.effects.some(({ name }) => name === 'close') || view.effects.some(({ done }) => !done);
    return isClosed && !owes ? view : null;
  });
}

export function expectShippedOnce(playground: KillPlayground, view: RunView): void {
  expect([view.run.outcome, view.run.reason]).toEqual(['shipped', expect.stringContaining('live and healthy')]);
  expect(playground.pushes()).toEqual([`${playground.base} ${view.run.sha}`]);
  const issue = playground.issueText(view.run.issue);
  expect(issue.match(/<!-- lamplighter:comment /g)).toHaveLength(1);
  expect(issue.match(/:phases -->/g)).toHaveLength(1);
  expect(issue).toMatch(/^state: closed$/m);
  expect(issue).toMatch(/^labels: \[\]$/m);
  expect(view.effects.filter((effect) => !effect.done)).toEqual([]);
  expect(view.effects.filter((effect) => effect.class === 'provable' && effect.repeated)).toEqual([]);
}
