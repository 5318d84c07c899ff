import { describe, expect, it } from 'vitest';
import { trimLog } from './log-trim.ts';

const noise = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `step ${from + at} went well`);

describe('a failing log, trimmed to what matters', () => {
  it('keeps the line that says what went wrong, with a few around it, and the end', () => {
    const log = [...noise(0, 500), 'Error: SHOP_NAME is not set', '    at settings.mjs:3', ...noise(500, 1_000)].join(
      '\n',
    );

    const trimmed = trimLog(log);

    expect(trimmed).toContain('step 499 went well\nError: SHOP_NAME is not set\n    at settings.mjs:3');
    expect(trimmed).toContain('step 999 went well');
    expect(trimmed).not.toContain('step 100 went well');
    expect(trimmed).toMatch(/\[… \d+ lines left out …\]/);
  });

  it('a short log is whole', () => {
    expect(trimLog('one\ntwo\nthree')).toBe('one\ntwo\nthree');
  });

  it('the first complaint stays where there are more than can be shown', () => {
    const log = Array.from({ length: 5_000 }, (_, at) => `Error number ${at}`).join('\n');

    const trimmed = trimLog(log, 2_000);

    expect(trimmed).toContain('Error number 0\n');
    expect(trimmed).toContain('Error number 4999');
    expect(trimmed.length).toBeLessThanOrEqual(2_000);
  });

  it('a line that repeats a thousand times is one line', () => {
    expect(trimLog(`waiting for the database\n`.repeat(1_000) + 'gave up')).toBe('waiting for the database\ngave up');
  });

  it('progress that overwrites its own line does not hide what comes after it', () => {
    const progress = Array.from({ length: 500 }, (_, at) => `fetched ${at} of 500`).join('\r');
    const log = [`${progress}\rError: the registry said 403`, ...noise(0, 100)].join('\n');

    expect(trimLog(log)).toContain('Error: the registry said 403');
  });

  it('a line that is too long to be shown keeps its end as well, where the complaint often is', () => {
    const log = [
      ...noise(0, 100),
      `{"args": "${'x'.repeat(5_000)}", "message": "Error: no such table"}`,
      ...noise(100, 200),
    ];

    const trimmed = trimLog(log.join('\n'));

    expect(trimmed).toContain('{"args": "xxx');
    expect(trimmed).toContain('Error: no such table"}');
  });

  it('the first complaint is there also where the last lines alone would fill the space', () => {
    const log = [
      ...noise(0, 100),
      'Error: SHOP_NAME is not set',
      ...Array.from({ length: 40 }, (_, at) => `${at}${'y'.repeat(600)}`),
    ];

    expect(trimLog(log.join('\n'))).toContain('Error: SHOP_NAME is not set');
  });

  it.each(['', '\n\n\n', 'x'.repeat(1_000_000)])('stays within its bound', (log) => {
    expect(trimLog(log, 500).length).toBeLessThanOrEqual(500);
  });
});
