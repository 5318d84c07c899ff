import { describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { FROZEN } from '../../test/setup/api-server.ts';
import { movesOf } from './moves.ts';

const commandsIn = (state: RunState): string[] =>
  movesOf({ id: 'web-7', state, bounds: DEFAULT_BOUNDS }, ' --data-dir /d').map(
    ({ name, command }) => `${name}: ${command}`,
  );
const waiting: RunState = { stage: 'awaiting-approval', progress: FRESH.progress, head: 'abc', since: 1 };
const pause = { by: 'ada', note: 'act 1', since: 1 };

describe('what a person can do', () => {
  it.each<readonly [string, RunState, readonly string[]]>([
    ['at work', { stage: 'watch', progress: FRESH.progress, sha: 'abc' }, []],
    [
      'waiting for approval',
      waiting,
      [
        'approve: lamplighter approve web-7 --sha abc --note "why" --data-dir /d',
        'reject: lamplighter reject web-7 --note "what to change" --data-dir /d',
      ],
    ],
    [
      'paused while it waits for approval',
      { ...waiting, progress: { ...FRESH.progress, pause } },
      ['resume: lamplighter resume web-7 --note "why" --data-dir /d'],
    ],
    [
      'whose head is being proven',
      { ...FROZEN, proving: { by: 'ada', note: 'act 1', reverted: false } } as RunState,
      [],
    ],
  ])('with a run %s', (_name, state, commands) => {
    expect(commandsIn(state)).toEqual(commands);
  });

  it('with a frozen run is four things', () => {
    expect(commandsIn(FROZEN)).toHaveLength(4);
  });
});
