import { describe, expect, it } from 'vitest';
import type { CommandResult } from '../sandbox/port.ts';
import { showResult } from './output.ts';

function printed(stdout: string): CommandResult {
  return { end: 'exited', code: 1, stdout, stderr: '', droppedBytes: 0, ms: 1 };
}

const asIs = (text: string): Promise<string> => Promise.resolve(text);
const noise = Array.from({ length: 4_000 }, (_, at) => `step ${at} goes on`).join('\n');

describe('what a command printed, as evidence', () => {
  it('keeps the first complaint of a long log, which is most often the cause, and the end', async () => {
    const { log } = await showResult(printed(`begin\nError: SHOP_NAME is not set\n${noise}\ngave up`), asIs);

    expect(log).toContain('Error: SHOP_NAME is not set');
    expect(log.endsWith('step 3999 goes on\ngave up')).toBe(true);
    expect(log.length).toBeLessThan(40_000);
  });

  it('leaves a short log as it is', async () => {
    expect((await showResult(printed('one\ntwo\n'), asIs)).log).toBe('one\ntwo');
  });
});
