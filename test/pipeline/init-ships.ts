/** A repo that `init --yes` drafted for, served as it is: the commands that it prints, then one issue to shipped, nothing edited but the model. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, inject } from 'vitest';
import { stringify } from 'yaml';
import { GO_CACHES } from '../../activities/gates/cheats-go-rig.ts';
import { repoLayout } from '../../activities/git/layout.ts';
import type { RunSummary } from '../../api/views/view.ts';
import { readResolvedConfig } from '../../config/resolved.ts';
import { deleteSchedule } from '../setup/schedules.ts';
import { createApiClient } from '../../cli/terminal/api-client.ts';
import { git, makeRepo, REPOS, type Files } from '../../cli/init/init-rig.ts';
import type { InitFindings } from '../../cli/init/init.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const TITLE = 'Subtract';
export const LONG = 300_000;

export const NODE_CHANGE: { readonly test: Files; readonly code: Files } = {
  test: {
    'test/subtract.test.js':
      "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport * as sum from '../sum.js';\n\ntest('subtracts', () => assert.equal(sum.subtract?.(3, 2), 1));\n",
  },
  code: {
    'sum.js':
      'export function add(a, b) {\n  return a + b;\n}\n\nexport function subtract(a, b) {\n  return a - b;\n}\n',
  },
};
export const PYTHON_CHANGE = {
  test: {
    'tests/test_subtract.py':
      "import calc\n\n\ndef test_subtract():\n    assert hasattr(calc, 'subtract')\n    assert calc.subtract(3, 2) == 1\n",
  },
  code: { 'calc.py': 'def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return a - b\n' },
};
export const GO_CHANGE = {
  test: {
    'zero_test.go':
      'package sum\n\nimport "testing"\n\nfunc TestAddOfNegativesIsZero(t *testing.T) {\n\tif Add(-1, -2) != 0 {\n\t\tt.Fatal("not 0")\n\t}\n}\n',
  },
  code: {
    'sum.go': 'package sum\n\nfunc Add(a, b int) int {\n\tif a+b < 0 {\n\t\treturn 0\n\t}\n\treturn a + b\n}\n',
  },
};

let dir: string;
let up: ChildProcess | null = null;
let temporal: { readonly address: string; readonly namespace: string } | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-init-ships-'));
});
afterEach(async () => {
  if (up !== null && up.exitCode === null) {
    const exit = once(up, 'exit');
    up.kill('SIGINT');
    await exit;
  }
  up = null;
  if (temporal !== null) await deleteSchedule(temporal);
  temporal = null;
  rmSync(dir, { recursive: true });
});

export async function ships(
  kind: keyof typeof REPOS,
  change: { readonly test: Files; readonly code: Files },
): Promise<void> {
  const repo = makeRepo(join(dir, kind), REPOS[kind]);
  const remote = join(dir, 'origin.git');
  git(dir, 'init', '-q', '--bare', '-b', 'main', remote);
  git(repo, 'remote', 'add', 'origin', remote);
  const config = join(dir, 'lamplighter.yaml');
  const { repo: about } = JSON.parse(
    await lamplighter('init', repo, '--config', config, '--as', 'ada', '--allow', '--yes', '--json'),
  ) as InitFindings;
  git(repo, 'add', '.lamplighter.yml', 'CONTEXT.md');
  git(repo, 'commit', '-q', '-m', "Add Lamplighter's contract");
  git(repo, 'push', '-q', 'origin', 'HEAD:main');
  writeScenario(join(dir, 'scenarios'), change);
  temporal = { address: inject('temporalAddress'), namespace: `init-${kind}-${process.pid}` };
  appendFileSync(
    config,
    stringify({ model: { provider: 'scripted', scenarios: 'scenarios' }, temporal, pollSeconds: 1 }),
  );

  const dataDir = join(dir, 'data');
  const said = await start(config, dataDir);
  if (kind === 'go') fillCaches(dataDir);
  const here = ['--data-dir', dataDir, '--json'];
  await lamplighter('kill-switch', 'off', '--note', 'armed by ada', '--as', 'ada', ...here);
  const label = ['--label', 'ready-for-agent', '--as', 'ada'];
  await lamplighter('issue', 'add', '--repo', about.name, '--title', TITLE, ...label, ...here);
  const run = await ended(dataDir, said);

  expect(run, said()).toMatchObject({ outcome: 'shipped' });
  expect(git(remote, 'log', '-1', '--format=%B', 'main')).toContain(`Lamplighter-Run: ${run.id}`);
  expect(git(remote, 'show', `main:${Object.keys(change.code)[0] ?? ''}`)).toBe(Object.values(change.code)[0]?.trim());
}

/** Go's own library takes a minute to build, once for sessions and once for gates. */
function fillCaches(dataDir: string): void {
  if (!existsSync(GO_CACHES)) return;
  const { config } = readResolvedConfig(join(dataDir, 'run', 'config.json'));
  for (const { key } of config.repos) {
    const { caches, gateCaches } = repoLayout(dataDir, key);
    for (const to of [caches, gateCaches]) cpSync(GO_CACHES, to, { recursive: true });
  }
}

export function under(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

/** The test first, then the code, a commit each. */
function writeScenario(folder: string, { test, code }: { readonly test: Files; readonly code: Files }): void {
  const commit = (files: Files, subject: string): { bash: string } => ({
    bash: [
      ...Object.entries(files).map(([path, text]) => `cat > ${path} <<'END_OF_FILE'\n${text}END_OF_FILE`),
      `git add -A && git commit -q -F - <<'END_OF_FILE'\n${subject}\n\nRefs #{{issue}}\n\nLamplighter-Run: {{run}}\nEND_OF_FILE`,
    ].join('\n'),
  });
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'first.yaml'),
    stringify({
      name: 'first',
      match: TITLE,
      capture: ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)', 'Refs #(?<issue>\\d+)'],
      triage: { accept: { acceptanceCriteria: ['It does'], testPlan: 'A test', risks: [] } },
      steps: [
        { calls: [commit(test, 'The test')] },
        { expect: { results: ['ok'] }, calls: [commit(code, 'The code')] },
        { expect: { results: ['ok'] }, calls: [{ submit: [] }] },
      ],
    }),
  );
}

/** Answers with what it said so far. */
async function start(config: string, dataDir: string): Promise<() => string> {
  let said = '';
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, MAIN, 'up', '--data-dir', dataDir, '--config', config];
  const child = spawn('setpriv', argv, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  up = child;
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (const end = Date.now() + 60_000; !existsSync(join(dataDir, 'up.json')); await delay(50)) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`up did not come up: ${said}`);
  }
  return () => said;
}

async function ended(dataDir: string, said: () => string): Promise<RunSummary> {
  const api = createApiClient({ dataDir });
  for (const end = Date.now() + 220_000; ; await delay(250)) {
    const { runs } = await api.get<{ runs: RunSummary[] }>('/api/runs');
    const [run] = runs;
    if (run !== undefined && run.outcome !== null) return run;
    if (Date.now() > end) throw new Error(`no run ended: ${JSON.stringify(runs)}\n${said()}`);
  }
}

function lamplighter(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: dir, timeout: LONG }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`lamplighter ${args.join(' ')}: ${stderr}${stdout}`));
    });
  });
}
