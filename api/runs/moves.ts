/** What a person can do where a run stands still, each with its command. */
import { boundsWith } from '../../domain/bounds.ts';
import { judgementCommands, unfreezeWays } from '../../domain/unfreeze-ways.ts';
import type { RunRow } from '../../store/port.ts';
import type { MoveView } from '../views/view.ts';

export function movesOf({ id, state, bounds }: Pick<RunRow, 'id' | 'state' | 'bounds'>, place: string): MoveView[] {
  const { progress } = state;
  // While the head is being proven nobody is waited for.
  if (state.stage === 'frozen') {
    const given = { id, progress, bounds: boundsWith(bounds, progress.granted) };
    return state.proving === null ? [...unfreezeWays(given, place)] : [];
  }
  if (progress.pause !== null)
    return [
      {
        name: 'resume',
        what: 'It goes on where it was; until then its lane is held.',
        command: `lamplighter resume ${id} --note "why"${place}`,
      },
    ];
  if (state.stage !== 'awaiting-approval') return [];
  const { approve, reject } = judgementCommands(id, state.head, place);
  return [
    { name: 'approve', what: 'It is pushed: this very sha, nothing that comes later.', command: approve },
    { name: 'reject', what: 'It goes back to the agent, with what you write.', command: reject },
  ];
}
