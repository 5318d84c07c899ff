import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { EscalationRow } from '../../../store/port.ts';
import { createLogNotifier } from './log.ts';

const escalation: EscalationRow = {
  key: 'escalation/r/1/1',
  run: 'r',
  repo: 'k',
  severity: 'high',
  topic: 'frozen',
  decision: 'unfreeze',
  at: 1,
  deliveredAt: null,
};

async function linesOf(rows: readonly EscalationRow[]): Promise<unknown[]> {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  const notifier = createLogNotifier({ stream });
  for (const row of rows) await notifier.deliver(row, 'http://127.0.0.1:1/runs/r');
  return written
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('the log notifier', () => {
  it('writes one line of JSON a delivery, louder when a person is needed', async () => {
    const [high, low] = await linesOf([escalation, { ...escalation, severity: 'low', topic: 'shipped' }]);

    expect(high).toMatchObject({
      level: 50,
      escalation: escalation.key,
      run: 'r',
      topic: 'frozen',
      decision: 'unfreeze',
      link: 'http://127.0.0.1:1/runs/r',
    });
    expect(low).toMatchObject({ level: 30, topic: 'shipped' });
  });
});
