/** The crash and the bench runner as people call them, over a small share of what they do in full. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CrashDocument } from '../../bench/crash/tally.ts';
import { has } from '../setup/needs.ts';

const BENCH = fileURLToPath(new URL('../../bench/', import.meta.url));

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function call(program: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(BENCH, program), ...args], (_error, out, err) => {
      resolve({ code: child.exitCode, out, err });
    });
  });
}

describe.skipIf(!has('temporal') || !has('bwrap'))('npm run crash', () => {
  let state: string;
  beforeAll(() => {
    state = mkdtempSync(join(tmpdir(), 'lamplighter-crash-state-'));
  });
  afterAll(() => rmSync(state, { recursive: true }));

  it('-- pipeline: runs that die dozens of times leave what undisturbed ones leave (invariants 5, 6)', async () => {
    const asked = ['pipeline', '--json', '--deaths', '40', '--sigkills', '0', '--seed', '11'];
    const { code, out, err } = await call('crash.ts', [...asked, '--story', 'shipped', '--state', state]);

    expect(code, err + out).toBe(0);
    const document = JSON.parse(out) as CrashDocument;
    expect(document).toMatchObject({
      area: 'pipeline',
      seed: 11,
      sigkills: 0,
      duplicates: 0,
      unresolved: 0,
      recoveryMs: { p50: null, p95: null },
      kinds: { sigkill: { deaths: 0 } },
      findings: [],
    });
    expect(document.deaths).toBeGreaterThanOrEqual(40);
    expect(document.turnsLostMax).toBeLessThanOrEqual(1);
    expect(Object.values(document.kinds['inProcess']?.points ?? {}).reduce((sum, count) => sum + count, 0)).toBe(
      document.deaths,
    );
    expect(document.commit).toMatch(/^[0-9a-f]{40}(\+changes)?$/);
  }, 240_000);

  it('-- host: power verbs whose clients, scripts and runners die, alone and together', async () => {
    const asked = ['host', '--json', '--deaths', '25', '--rounds', '0', '--state', state];
    const { code, out, err } = await call('crash.ts', asked);

    expect(code, err + out).toBe(0);
    const document = JSON.parse(out) as CrashDocument;
    expect(document).toMatchObject({ area: 'host', duplicates: 0, unresolved: 0, turnsLostMax: 0, findings: [] });
    expect(document.deaths).toBeGreaterThanOrEqual(25);
    expect(document.sigkills).toBeGreaterThan(0);
    const { points = {}, ...kind } = document.kinds['fake'] ?? {};
    expect(kind).toMatchObject({ deaths: document.deaths, recoveryMs: { p50: expect.any(Number) as number } });
    for (const point of Object.keys(points))
      expect(point).toMatch(/^[a-z][a-z_=\d ]+: (client|script|runner|resumer)$/);
  }, 240_000);

  it.each([
    [['nowhere'], 'There is no area nowhere. Areas: pipeline, host'],
    [['pipeline', '--minutes', 'soon'], '--minutes must be a number, and is "soon"'],
    [['host', '--sigkills', '9'], '--sigkills is nothing that host counts. It counts deaths, rounds'],
  ])('%j ends with 2 and says what is wrong', async (asked, words) => {
    const { code, out, err } = await call('crash.ts', asked);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
  });
});

describe.skipIf(!has('temporal') || !has('bwrap'))('npm run bench', () => {
  it('-- pipeline prints what a shipped run takes, part by part', async () => {
    const { code, out, err } = await call('bench.ts', ['pipeline', '--json', '--runs', '1']);

    expect(code, err + out).toBe(0);
    const figures = {
      wall: expect.any(Number),
      model: expect.any(Number),
      sandbox: expect.any(Number),
      deploy: expect.any(Number),
      own: expect.any(Number),
      ownShare: expect.any(Number),
      labelToFirstModelCall: expect.any(Number),
      temporalEvents: expect.any(Number),
      temporalBytes: expect.any(Number),
    };
    const document = JSON.parse(out) as { readonly warm: typeof figures };
    expect(document).toEqual({
      name: 'pipeline',
      commit: expect.stringMatching(/^[0-9a-f]{40}(\+changes)?$/),
      cores: expect.any(Number),
      how: expect.stringContaining('own = wall - model - sandbox - deploy'),
      warm: figures,
      cold: figures,
      runs: [figures],
    });
    expect(Object.values(document.warm).every((value) => Number(value) > 0)).toBe(true);
  }, 240_000);

  it('of a name that nobody knows ends with 2', async () => {
    const { code, err } = await call('bench.ts', ['nowhere']);
    expect(code).toBe(2);
    expect(err).toContain('There is no bench nowhere. Benches: pipeline');
  });
});
