import { describe, expect, it } from 'vitest';
import { blockersOf, byPriority, priorityOf } from './issue.ts';

describe('blockersOf', () => {
  it.each([
    ['Blocked by #3', [3]],
    ['blocked by: #3, #12 and #4', [3, 4, 12]],
    ['- Blocked by #9\n> blocked by #8', [8, 9]],
    ['text\n\n**Blocked by #5**', [5]],
    ['It is not blocked by anything, see #5', []],
    ['This was blocked by #5 once', []],
    ['Blocked by owner/other#5', []],
  ])('%j → %j', (body, expected) => {
    expect(blockersOf({ body, blockedBy: [] })).toEqual(expected);
  });

  it("unites the body's with the tracker's own, each once, in order", () => {
    expect(blockersOf({ body: 'Blocked by #7, #2', blockedBy: [9, 2] })).toEqual([2, 7, 9]);
  });
});

describe('the order of a lane', () => {
  it.each([
    [[], Number.MAX_SAFE_INTEGER],
    [['priority:2'], 2],
    [['priority:5', 'priority:1'], 1],
    [['priority:high', 'priority:-1', 'priority:1.5', 'xpriority:1'], Number.MAX_SAFE_INTEGER],
    [['priority:0', 'bug'], 0],
  ])('%j has priority %d', (labels, expected) => {
    expect(priorityOf(labels)).toBe(expected);
  });

  it('is priority first, lowest before, then the issue number', () => {
    const none = Number.MAX_SAFE_INTEGER;
    const queue = [
      { issue: 9, priority: none },
      { issue: 2, priority: none },
      { issue: 7, priority: 1 },
      { issue: 8, priority: 0 },
    ];
    expect(queue.toSorted(byPriority).map((one) => one.issue)).toEqual([8, 7, 2, 9]);
  });
});
