import { expect, it } from 'vitest';
import type { EscalationRow } from '../../store/port.ts';
import { createLogNotifier } from './channels/log.ts';
import { firstThatAnswers, type Channel } from './first-that-answers.ts';

const call: EscalationRow = {
  key: 'escalation/web-7/3/0',
  run: null,
  repo: 'web',
  severity: 'high',
  topic: 'frozen',
  decision: 'decide',
  at: 1,
  deliveredAt: null,
};
const down = (name: string): Channel => ({
  name,
  notifier: { deliver: () => Promise.reject(new Error(`${name} is down`)) },
});

it('a channel that fails is followed by the next, and one that got through by none', async () => {
  const lines: string[] = [];
  const log: Channel = {
    name: 'log',
    notifier: createLogNotifier({ stream: { write: (line) => void lines.push(line) } }),
  };
  await firstThatAnswers([down('first'), log, log]).deliver(call, null);

  expect(lines).toHaveLength(1);
});

it('fails with the words of each where none gets through', async () => {
  await expect(firstThatAnswers([down('first'), down('second')]).deliver(call, null)).rejects.toThrow(
    'no channel got through: first: first is down; second: second is down',
  );
});
