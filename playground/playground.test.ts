import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scenario } from '../activities/model/scripted/scenario.ts';
import { parseIssueFile } from '../activities/tracker/local/issue-file.ts';
import { loadConfig } from '../config/load.ts';
import { parseContract } from '../config/contract.ts';
import type { NewFile, Step } from './change.ts';
import { git } from './git.ts';
import { createPlayground, designPlayground, type Playground } from './playground.ts';

const SEEDS = [1, 2, 3, 7, 42];
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'playground-test-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function put(tree: string, files: readonly NewFile[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
}

/** As the scripted model's editor does it: the old text has to stand exactly once. */
async function apply(tree: string, change: Step): Promise<void> {
  await put(tree, change.added);
  for (const edit of change.edits) {
    const text = await readFile(join(tree, edit.path), 'utf8');
    expect(text.split(edit.old), `${edit.path} has ${edit.old} once`).toHaveLength(2);
    await writeFile(
      join(tree, edit.path),
      text.replace(edit.old, () => edit.new),
    );
  }
}

function nodeTest(tree: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--test', '--test-reporter=spec'],
      { cwd: tree, env: { PATH: '/usr/bin:/bin' } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

describe.each(SEEDS)('the repos of seed %i', (seed) => {
  it('are green on their base; each test is red by assertion without its change and green with it, mendings too', async () => {
    for (const [index, { files, changes }] of designPlayground(seed).entries()) {
      const tree = join(dir, `seed-${seed}-${index}`);
      await put(tree, files);
      expect(await nodeTest(tree)).toMatchObject({ code: 0 });

      for (const step of changes.flatMap((change) => [change, ...(change.mending === null ? [] : [change.mending])])) {
        await put(tree, [step.test]);
        const red = await nodeTest(tree);
        expect(red.code, red.output).toBe(1);
        expect(red.output).toMatch(/fail 1\b/);
        expect(red.output).toContain('AssertionError');
        await apply(tree, step);
        const green = await nodeTest(tree);
        expect(green.code, green.output).toBe(0);
        expect(green.output).toMatch(/fail 0\b/);
      }
    }
  });

  it('have contracts that their own reader takes, other names, and one issue for each end', () => {
    const [first, second] = designPlayground(seed);
    for (const { files } of [first, second]) {
      const contract = parseContract(files.find(({ path }) => path === '.lamplighter.yml')?.text ?? '', 'contract');
      expect(contract).toMatchObject({ ok: true });
    }
    expect(first.theme.goods).not.toBe(second.theme.goods);
    expect([first, second].map(({ changes }) => changes.map(({ issue, expected }) => [issue, expected]))).toEqual([
      [
        [1, 'shipped'],
        [2, 'frozen'],
      ],
      [[3, 'mended']],
    ]);
  });
});

describe('the playground folder', () => {
  it('joins a remote with history, readable issues, valid scenarios and a configuration that loads', async () => {
    const made = await createPlayground({ dir: join(dir, 'made'), seed: 5 });

    for (const { remote, base } of made.repos) {
      expect(await git(remote, ['rev-list', '--count', 'main'])).toBe('3');
      expect(await git(remote, ['rev-parse', 'main'])).toBe(base);
    }
    const config = loadConfig({
      file: made.config,
      dataDir: join(dir, 'data'),
      env: {},
      ports: { api: 1, temporal: 2, temporalUi: 3, model: 4 },
    });
    expect(config.repos).toMatchObject(made.repos.map(({ name, remote }) => ({ name, remote })));
    expect(config.model.provider).toBe('scripted');
    expect(config.repos.map(({ deploy }) => deploy.health?.url)).toEqual(
      made.repos.map(({ port }) => `http://127.0.0.1:${port}/healthz`),
    );
    expect(new Set(made.repos.map(({ port }) => port)).size).toBe(2);
    for (const { issues } of made.repos) {
      for (const name of await readdir(issues)) {
        const read = parseIssueFile(await readFile(join(issues, name), 'utf8'), name);
        expect(read).toMatchObject({ ok: true, file: { meta: { state: 'open', labels: ['ready-for-agent'] } } });
      }
    }
    for (const name of await readdir(join(made.dir, 'scenarios'))) {
      const read = scenario.safeParse(parse(await readFile(join(made.dir, 'scenarios', name), 'utf8')));
      expect(read.error?.issues).toBeUndefined();
    }
  });

  it('is found again as it was, and another seed does not overwrite it', async () => {
    const place = join(dir, 'again');
    const made = await createPlayground({ dir: place, seed: 5 });

    expect(await createPlayground({ dir: place, seed: 5 })).toEqual(made);
    await expect(createPlayground({ dir: place, seed: 6 })).rejects.toThrow('holds the playground of seed 5, not 6');
  });

  it('differs by seed in names, texts and base, and not from itself', async () => {
    const [one, same, ...others] = await Promise.all(
      [11, 11, 12, 13, 14].map((seed, index) => createPlayground({ dir: join(dir, `differs-${index}`), seed })),
    );

    const basesOf = (made: Playground | undefined): unknown => made?.repos.map(({ base }) => base);
    expect(basesOf(same)).toEqual(basesOf(one));
    for (const other of others) {
      expect(basesOf(other)).not.toEqual(basesOf(one));
      expect([other.repos[0].name, other.repos[0].port, other.issues[0]?.title]).not.toEqual([
        one?.repos[0].name,
        one?.repos[0].port,
        one?.issues[0]?.title,
      ]);
    }
    expect(new Set([one, ...others].map((made) => made?.repos[0].name)).size).toBeGreaterThan(2);
  });
});
