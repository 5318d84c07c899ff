import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { hasPytest } from '../../activities/gates/rig-toolchains.ts';
import { parseContract } from '../../config/contract.ts';
import { CAPS } from '../../config/defaults.ts';
import { loadConfig } from '../../config/load.ts';
import type { Contract } from '../../domain/contract.ts';
import { has } from '../../test/setup/needs.ts';
import { git, inFolder, makeRepo, REPOS, writeFiles, type Files } from './init-rig.ts';
import type { InitFindings } from './init.ts';
import type { Tried } from './trial.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const LONG = 240_000;
const HAS_NIGHTLY = existsSync(join(homedir(), '.rustup/toolchains/nightly-x86_64-unknown-linux-gnu'));
const dir = mkdtempSync(join(tmpdir(), 'lamplighter-init-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function init(repo: string, ...args: string[]): Promise<Ran> {
  const argv = [MAIN, 'init', repo, '--config', `${repo}.yaml`, '--as', 'ada', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { cwd: dir, timeout: LONG }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

async function found(repo: string, ...args: string[]): Promise<InitFindings & { readonly written: string[] }> {
  const ran = await init(repo, '--json', ...args);
  if (ran.stdout === '') throw new Error(`init printed nothing: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as InitFindings & { readonly written: string[] };
}

function contractOf(repo: string): Contract {
  const parsed = parseContract(readFileSync(join(repo, '.lamplighter.yml'), 'utf8'), '.lamplighter.yml');
  if (!parsed.ok) throw new Error(parsed.errors.join('; '));
  return parsed.contract;
}

function repoOf(name: string, files: Files): string {
  return makeRepo(join(dir, name), files);
}

const verdicts = (tried: readonly Tried[]): string[] => tried.map(({ name, verdict }) => `${name} ${verdict}`);

describe.skipIf(!has('bwrap'))('init', () => {
  it('drafts, tries and writes for a repo of node:test', async () => {
    const repo = repoOf('node', REPOS.node);
    const { trial, written } = await found(repo, '--yes');
    expect(verdicts(trial.tried)).toEqual(['unit passed', 'build passed']);
    expect(trial.tried[0]?.tests).toBe(1);
    expect(written).toEqual([join(repo, '.lamplighter.yml'), join(repo, 'CONTEXT.md'), `${repo}.yaml`]);
    expect(contractOf(repo).checks).toMatchObject([{ name: 'unit', dir: '.', report: 'junit', globs: ['test/**'] }]);
    expect(readFileSync(join(repo, 'CONTEXT.md'), 'utf8')).toContain('- unit: `node --test`');
  });

  it.skipIf(!hasPytest())(
    'drafts one check for each folder of two languages, each run only for its folder',
    async () => {
      const repo = repoOf('mono', REPOS.monorepo);
      const { trial } = await found(repo, '--yes');
      expect(verdicts(trial.tried)).toEqual(['api passed', 'web passed', 'build passed', 'build passed']);
      expect(contractOf(repo).checks).toMatchObject([
        { name: 'api', dir: 'api', when: ['api/**'], report: 'junit' },
        { name: 'web', dir: 'web', when: ['web/**'], report: 'junit' },
      ]);
      expect(contractOf(repo).protected).toEqual(['api/pytest.ini']);
    },
  );

  it.skipIf(!has('postgres'))('drafts the database that tests talk to, and tries them with it', async () => {
    const repo = repoOf('database', {
      'package.json': '{ "type": "module", "scripts": { "test": "node --test" }, "peerDependencies": { "pg": "8" } }\n',
      'test/sql.test.js':
        "import { execFileSync } from 'node:child_process';\nimport { test } from 'node:test';\ntest('asks', () => execFileSync('psql', [process.env.SHOP_DB_URL, '-c', 'SELECT 1']));\n",
    });
    const { trial } = await found(repo, '--yes');
    expect(verdicts(trial.tried)).toEqual(['unit passed', 'build passed']);
    expect(contractOf(repo).services).toEqual([
      { kind: 'postgres', version: null, port: 5432, env: 'SHOP_DB_URL', database: 'app' },
    ]);
  });

  it('writes a configuration that loads, with nothing allowed (invariant 8)', async () => {
    const repo = repoOf('armed', REPOS.node);
    const { worstCase } = await found(repo, '--yes');
    const config = loadConfig({
      file: `${repo}.yaml`,
      dataDir: join(dir, 'data'),
      env: { ANTHROPIC_API_KEY: 'none' },
      ports: { api: 1, temporal: 2, temporalUi: 3, model: 4 },
    });
    expect(config).toMatchObject({ allow: [], bounds: { issueMicroUsd: 20_000_000 } });
    expect(config.repos[0]).toMatchObject({ name: 'armed', tracker: { people: { ada: 'admin' } } });
    expect(config.caps).toEqual(CAPS);
    expect(worstCase.text).toContain('$0 now');
    expect(worstCase.text).toContain(
      'at most $25 a day and $250 a month in this repo, $50 a day and $500 a month in all (caps)',
    );
  });

  it('without an answer or --yes writes nothing, and says how', async () => {
    const repo = repoOf('asked', REPOS.node);
    const ran = await init(repo);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain('--yes writes');
    expect(existsSync(join(repo, '.lamplighter.yml'))).toBe(false);
    expect(ran.stdout).toMatch(/\$20 for each issue.* \$25 a day .* \$500 a month/s);
    expect(ran.stdout).toMatch(/lamplighter up --config \S+asked\.yaml/);
  });

  it('answered with no writes nothing, and prints no commands for files that are not there', async () => {
    const repo = repoOf('refused', REPOS.node);
    const argv = [process.execPath, MAIN, 'init', repo, '--config', `${repo}.yaml`, '--as', 'ada'];
    const asked = spawn('script', ['-qec', argv.map((word) => `'${word}'`).join(' '), '/dev/null'], { cwd: dir });
    let said = '';
    asked.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('[y/N]')) asked.stdin.end('n\n');
    });
    await once(asked, 'close');
    expect(said).toContain('Nothing was written. Run init again');
    expect(said).not.toMatch(/up --config|kill-switch off|git -C/);
    expect(existsSync(join(repo, '.lamplighter.yml'))).toBe(false);
    expect(existsSync(`${repo}.yaml`)).toBe(false);
  });

  it('adds a second repo to the configuration that is there, which loads with both', async () => {
    const config = join(dir, 'both.yaml');
    await found(repoOf('first', REPOS.node), '--yes', '--config', config);
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n# A note of mine.\n`);
    const { files, written, next } = await found(repoOf('second', REPOS.node), '--yes', '--config', config);

    expect(files.at(-1)).toMatchObject({ path: config, state: 'added' });
    expect(written).toContain(config);
    expect(
      files
        .at(-1)
        ?.difference.split('\n')
        .filter((line) => /^-(?!--)/.test(line)),
    ).toEqual([]);
    for (const name of ['first', 'second']) expect(existsSync(join(dir, 'issues', name)), name).toBe(true);
    execFileSync('/bin/sh', ['-c', next.find((command) => command.startsWith('sed ')) ?? 'false']);
    const loaded = loadConfig({
      file: config,
      dataDir: join(dir, 'data'),
      env: { ANTHROPIC_API_KEY: 'none' },
      ports: { api: 1, temporal: 2, temporalUi: 3, model: 4 },
    });
    expect(loaded.repos.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(loaded.allow).toEqual(['second']);
    const again = await found(join(dir, 'first'), '--config', config);
    expect(again.files.at(-1)).toMatchObject({ state: 'same' });
  });

  it.skipIf(!HAS_NIGHTLY)('reads the report of Cargo where the toolchain writes one', { timeout: LONG }, async () => {
    const repo = repoOf('crate', {
      'Cargo.toml': '[package]\nname = "sum"\nversion = "0.1.0"\nedition = "2021"\n',
      'rust-toolchain.toml': '[toolchain]\nchannel = "nightly"\n',
      'Cargo.lock': 'version = 3\n\n[[package]]\nname = "sum"\nversion = "0.1.0"\n',
      'src/lib.rs': 'pub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n',
      'tests/sum.rs': '#[test]\nfn adds() {\n    assert_eq!(sum::add(1, 2), 3);\n}\n',
    });
    const { trial } = await found(repo, '--yes');
    expect(verdicts(trial.tried)).toEqual(['unit passed', 'build passed']);
    expect(trial.tried[0]?.tests).toBe(1);
    expect(contractOf(repo).checks).toMatchObject([{ report: 'cargo-json' }]);
  });

  it('leaves a file that is there as it is, and shows the difference', async () => {
    const repo = repoOf('kept', REPOS.node);
    writeFileSync(join(repo, 'CONTEXT.md'), '# Mine\n');
    const { files, written } = await found(repo, '--yes');
    expect(files.find((file) => file.path.endsWith('CONTEXT.md'))).toMatchObject({
      state: 'kept',
      difference: expect.stringContaining('-# Mine') as string,
    });
    expect(readFileSync(join(repo, 'CONTEXT.md'), 'utf8')).toBe('# Mine\n');
    expect(written).toHaveLength(2);
  });

  it('says that the draft is there already when it runs again', async () => {
    const repo = repoOf('twice', REPOS.node);
    await init(repo, '--yes');
    git(repo, 'add', '.');
    git(repo, 'commit', '-qm', 'Contract');
    const { files, written } = await found(repo, '--yes');
    expect(files.find((file) => file.path.endsWith('.lamplighter.yml'))?.state).toBe('same');
    expect(written).toEqual([]);
  });

  it.skipIf(!hasPytest())(
    'leaves out a folder that is named, says so in the contract, and refuses one that it did not find',
    async () => {
      const repo = repoOf('part', REPOS.monorepo);
      const { trial } = await found(repo, '--yes', '--leave-out', 'api');
      expect(verdicts(trial.tried)).toEqual(['web passed', 'build passed']);
      expect(readFileSync(join(repo, '.lamplighter.yml'), 'utf8')).toContain('# api was left out');
      expect(await init(repo, '--leave-out', 'apu')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('name one of api, web') as string,
      });
    },
    LONG,
  );

  it('tries what is committed, and says that the rest was left out', async () => {
    const repo = repoOf('dirty', REPOS.node);
    writeFiles(repo, { 'sum.js': 'export function add() {\n  return 0;\n}\n' });
    const { trial, notes, repo: about } = await found(repo);
    expect(about.uncommitted).toBe(1);
    expect(verdicts(trial.tried)).toEqual(['unit passed', 'build passed']);
    expect(notes.join('\n')).toMatch(/One path is not committed: what was tried is the last commit/);
  });

  it('exits with 1 when a test fails on main, and names the test', async () => {
    const red = { ...REPOS.node, 'sum.js': 'export function add() {\n  return 0;\n}\n' };
    const ran = await init(repoOf('red', red), '--yes');
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('1 of 1 tests fail, such as adds');
    expect(ran.stdout).toContain('no run starts on a red main');
  });

  it('names the likely remedy for a missing package', async () => {
    const test = `import 'left-out';\n${REPOS.node['test/sum.test.js']}`;
    const { trial } = await found(repoOf('missing', { ...REPOS.node, 'test/sum.test.js': test }));
    expect(verdicts(trial.tried)).toEqual(['unit failed', 'build failed']);
    // Where node:test writes a report only, it is the build's plain run that says why a file did not load.
    expect(trial.tried.map((one) => one.remedy).join()).toContain('the package left-out is missing');
  });

  it('learns the hosts that a setup asks for, and drafts them as the network', async () => {
    const fetching = `
const answer = await fetch('https://packages.example.invalid/left').catch((error) => error);
if (!answer.ok) { console.error(answer); process.exit(1); }
`;
    const manifest = JSON.stringify({
      type: 'module',
      dependencies: { local: 'file:./local' },
      scripts: { test: 'node --test', preinstall: 'node fetching.js' },
    });
    const lock = JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { local: 'file:./local' } },
        'node_modules/local': { resolved: 'local', link: true },
        local: { version: '1.0.0' },
      },
    });
    const repo = repoOf('hosts', {
      ...REPOS.node,
      'package.json': manifest,
      'package-lock.json': lock,
      'local/package.json': '{ "name": "local", "version": "1.0.0" }',
      'fetching.js': fetching,
    });
    const { trial } = await found(repo, '--yes');
    expect(trial.hosts).toEqual(['packages.example.invalid']);
    expect(contractOf(repo).network).toEqual(['packages.example.invalid']);
    expect(trial.tried[0]).toMatchObject({ verdict: 'unproven', reason: expect.stringContaining('npm ci') as string });
  }, 120_000);
});

describe('init where little is there', () => {
  it('drafts without a trial where nothing is committed', async () => {
    const repo = join(dir, 'young');
    writeFiles(repo, REPOS.node);
    git(repo, 'init', '-q', '-b', 'main');
    const { trial, notes, next } = await found(repo);
    expect(trial.tried).toEqual([]);
    expect(notes.join('\n')).toContain('Nothing is committed yet');
    expect(next[0]).toBe(`git init --bare -b main ${repo}.git`);
  });

  it.each([
    ['a folder that is no repo', 'plain', 2, 'is not the working tree of a git repo'],
    ['a folder that is not there', 'nowhere', 2, 'is not a folder'],
    ['a repo without tests', 'bare', 1, 'no tests were found'],
  ])('%s is refused in one sentence with what to do', async (_what, name, code, said) => {
    const repo = join(dir, name);
    if (name === 'plain') writeFiles(repo, { 'a.txt': 'a' });
    if (name === 'bare') makeRepo(repo, { 'README.md': '# Bare\n' });
    const ran = await init(repo);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toContain(said);
    expect(ran.stderr).not.toContain('    at ');
  });

  it('keeps a password of the remote out of everything', async () => {
    const repo = join(dir, 'secret');
    writeFiles(repo, inFolder('.', REPOS.node));
    git(repo, 'init', '-q', '-b', 'main');
    git(repo, 'remote', 'add', 'origin', 'https://ada:hunter2@git.example.org/acme/shop.git');
    const ran = await init(repo, '--json');
    expect(ran.stdout).not.toContain('hunter2');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      repo: { name: 'acme/shop', remote: 'https://git.example.org/acme/shop.git' },
    });
  });
});
