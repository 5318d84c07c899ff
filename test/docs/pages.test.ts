/** The pages about the two files say what the code does: each example is read by the real thing, each key has its row. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withoutCrashPoints } from '../../activities/effects/port-crash-points.ts';
import { parseContract } from '../../config/contract.ts';
import * as defaults from '../../config/defaults.ts';
import { configJsonSchema, contractJsonSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load.ts';
import { trackerWords } from '../../config/trackers.ts';
import { HEALTH } from '../../config/watchers/http-health.ts';
import type { Config } from '../../config/types.ts';
import { REPORTS } from '../../domain/contract.ts';
import { judgeEligibility } from '../../domain/eligibility.ts';
import { WAIVERS } from '../../domain/waivers.ts';
import { trackersOf } from '../../workers/trackers.ts';
import { blocksOf, readPage, tableRows, type Block } from './pages.ts';

const PAGES = ['contract.md', 'configuration.md'];
const blocks = PAGES.flatMap(blocksOf);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'docs-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The block as a file in a folder where the secrets that it names are there. */
function load({ text }: Block): Config {
  const file = join(dir, 'lamplighter.yaml');
  writeFileSync(file, text);
  for (const [, path = ''] of text.matchAll(/\bfile: ([^\s}]+)/g)) {
    mkdirSync(dirname(resolve(dir, path)), { recursive: true });
    writeFileSync(resolve(dir, path), 'hush\n');
  }
  const secret = (name: string): string => (name.endsWith('_URL') ? 'https://hush.example/hush' : 'hush');
  const named = [...text.matchAll(/\benv: (\w+)/g)].map(([, name = '']) => [name, secret(name)] as const);
  const env = { ANTHROPIC_API_KEY: 'hush', ...Object.fromEntries(named) };
  return loadConfig({ file, dataDir: join(dir, 'data'), env, ports: { api: 1, temporal: 2, temporalUi: 3, model: 4 } });
}

describe('the examples', () => {
  it('are there, and each YAML block says which file it is', () => {
    const files = blocks.filter((block) => block.language === 'yaml').map((block) => block.title.split(' ')[0]);
    expect(new Set(files)).toEqual(new Set(['.lamplighter.yml', 'lamplighter.yaml']));
  });

  it.each(blocks.filter((block) => block.title.startsWith('.lamplighter.yml')))(
    '$page:$line is a contract that is accepted',
    ({ text, title }) => {
      expect(parseContract(text, title)).toMatchObject({ ok: true });
    },
  );

  it.each(blocks.filter((block) => block.title === 'lamplighter.yaml'))(
    '$page:$line is a configuration that loads, its secrets read from where it names them',
    (block) => {
      const config = load(block);
      const secrets = [...block.text.matchAll(/\{ (?:env|file): [^}]+ \}/g)];
      expect(JSON.stringify(config).split('"hush').length - 1).toBeGreaterThanOrEqual(secrets.length);
    },
  );

  it('the toolchains that contracts of the page ask for are declared on the other', () => {
    const declared = blocks
      .filter((block) => block.text.startsWith('toolchains:'))
      .map((block) => load(block).toolchains);
    const known = new Set(declared.flatMap((toolchains) => Object.keys(toolchains)));
    for (const { text, title } of blocks.filter((block) => block.title.startsWith('.lamplighter.yml'))) {
      const parsed = parseContract(text, title);
      for (const name of parsed.ok ? parsed.contract.toolchain : []) expect(known).toContain(name);
    }
  });

  it('the issue file is eligible under the first configuration, once its blocker is closed', async () => {
    const first = blocks.find((block) => block.title === 'lamplighter.yaml');
    const file = blocks.find((block) => block.language === 'markdown');
    if (first === undefined || file === undefined) throw new Error('the page lost its example');
    const [repo] = load(first).repos;
    if (repo === undefined) throw new Error('the first example enrols no repo');
    const folder = trackerWords(repo.tracker).place();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file.title), file.text);
    const { issues, unreadable } = await trackersOf(
      { repos: [repo] },
      withoutCrashPoints,
      Date.now,
    )(repo.key).issues.ready();

    expect(unreadable).toEqual([]);
    const [issue] = issues;
    if (issue === undefined) throw new Error('the example issue is not listed');
    const world = { killSwitch: false, allowlisted: true, usedReleases: new Set<string>() };
    expect(judgeEligibility(issue, { ...world, blockers: new Map([[5, 'open' as const]]) })).toMatchObject({
      refusals: [{ why: 'blocked', by: [5] }],
    });
    expect(judgeEligibility(issue, { ...world, blockers: new Map([[5, 'closed' as const]]) })).toMatchObject({
      eligible: true,
      release: { id: 'ada-1' },
    });
  });
});

describe('the tables', () => {
  it.each([
    ['contract.md', contractJsonSchema()],
    ['configuration.md', configJsonSchema()],
  ])('%s names every key of the schema', (page, schema) => {
    const text = readPage(page);
    const missing = [...keysOf(schema)].filter((key) => !text.includes(`\`${key}\``));
    expect(missing).toEqual([]);
  });

  it.each(PAGES)('%s names no key that the schema does not know', (page) => {
    const known = new Set([...keysOf(contractJsonSchema()), ...keysOf(configJsonSchema()), ...REPORTS, ...WAIVERS]);
    const strangers = tableRows(page).filter((row) => !known.has(row.key) && !row.key.startsWith('kill'));
    expect(strangers).toEqual([]);
  });

  it('give the defaults that hold', () => {
    const { BOUNDS, CAPS, NO_DEPLOY, WATCHDOG } = defaults;
    const { limits } = WATCHDOG;
    const facts: Readonly<Record<string, readonly (string | number)[]>> = {
      slots: [defaults.SLOTS],
      pollSeconds: [defaults.POLL_SECONDS],
      heartbeatSeconds: [defaults.HEARTBEAT_SECONDS],
      name: [defaults.MODEL_NAME],
      maxTokens: [defaults.MAX_TOKENS],
      verifyRounds: [BOUNDS.verifyRounds],
      turns: [BOUNDS.turns],
      sessionMinutes: [BOUNDS.sessionMs / 60_000],
      issueUsd: [BOUNDS.issueMicroUsd / 1_000_000],
      races: [BOUNDS.races],
      watchMinutes: [BOUNDS.watchMs / 60_000],
      dayUsd: [CAPS.total.dayMicroUsd / 1_000_000],
      monthUsd: [CAPS.total.monthMicroUsd / 1_000_000],
      repoDayUsd: [CAPS.anyRepo.dayMicroUsd / 1_000_000],
      repoMonthUsd: [CAPS.anyRepo.monthMicroUsd / 1_000_000],
      times: [HEALTH.times],
      unseenMinutes: [limits.unseenMs / 60_000],
      marginMinutes: [limits.marginMs / 60_000],
      actMinutes: [limits.actMs / 60_000],
      queueMinutes: [limits.queueMs / 60_000],
      slotMinutes: [limits.slotMs / 60_000],
      baseRedMinutes: [limits.baseRedMs / 60_000],
      pauseMinutes: [limits.pauseMs / 60_000],
      approvalMinutes: [limits.approvalMs / 60_000],
      frozenMinutes: [limits.frozenMs / 60_000],
      killSwitchMinutes: [limits.killSwitchMs / 60_000],
      capMinutes: [limits.capMs / 60_000],
      diskFreeMegabytes: [limits.diskFreeBytes / 1024 ** 2],
      everySeconds: [WATCHDOG.everyMs / 1000, HEALTH.everySeconds],
      timeoutSeconds: [NO_DEPLOY.timeoutSeconds, HEALTH.timeoutSeconds],
    };
    const rows = tableRows('configuration.md').filter((row) => /^`[^`]+`$/.test(row.last));
    for (const [key, values] of Object.entries(facts)) {
      expect(rows.filter((row) => row.key === key).map((row) => row.last)).toEqual(
        values.map((value) => `\`${value}\``),
      );
    }
  });

  it('give the defaults that a contract of its required keys gets', () => {
    const smallest = 'checks: [{ name: a, test: t, report: tap, globs: [x] }]';
    const parsed = parseContract(smallest, 'c');
    const check = parsed.ok ? parsed.contract.checks[0] : undefined;
    if (check === undefined) throw new Error('the smallest contract is refused');
    const rows = new Map(tableRows('contract.md').map((row) => [row.key, row.last]));
    for (const key of ['dir', 'minimum', 'timeoutSeconds'] as const) expect(rows.get(key)).toBe(`\`${check[key]}\``);
    const required = [...rows].filter(([, last]) => last === 'required').map(([key]) => key);
    expect(required.toSorted()).toEqual(['checks', 'globs', 'name', 'report', 'test']);
  });
});

/** Names of properties at any depth of a JSON Schema. */
function keysOf(schema: unknown): Set<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const deeper = Object.values(schema).flatMap((value) => [...keysOf(value)]);
  const here =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : [];
  return new Set([...here, ...deeper]);
}
