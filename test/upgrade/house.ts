/**
 * A house that an older Lamplighter has lived in: four repos with their remotes and issues, and the data directory of its `up`, killed while
 * a run was in its session, one was frozen, one waited for approval and a release was queued. Kept packed, a file a release, and opened by
 * today's code in the test beside this. It lies at a neutral path whose name is as long as that of any temporary folder, so that moving it
 * is writing one name for the other.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { createRemote, lines } from '../pipeline/rig-remote.ts';
import { ACCEPT, addFunction, commit } from '../pipeline/scenarios.ts';
import { createUpProcess, type UpProcess } from '../kills/up-process.ts';

const PERSON = 'ada';
const FOLDER = '/tmp/lamplighter-house-';
/** Where it is made: a temporary folder's name differs in its last six characters. */
export const NEUTRAL = `${FOLDER}000000`;

/** Of an issue each, but for the frozen repo, where a second one waits. */
export const ISSUES = { shipped: 1, session: 2, frozen: 3, queued: 4, approval: 5 } as const;
export const REPOS = ['shipped', 'session', 'frozen', 'approval'] as const;
export type RepoName = (typeof REPOS)[number];

/** What is at work in the session when it is killed. */
export const AT_WORK = 'sleep 271';

interface Told {
  readonly title: string;
  readonly repo: RepoName;
  readonly steps: readonly object[];
}

const SUBMIT = { calls: [{ submit: [] }] };
const stepsOf = (name: string): readonly object[] =>
  (addFunction(name, `export function ${name}(a) {\n  return a * 10;\n}`, '20') as { steps: readonly object[] }).steps;

function tales(): Readonly<Record<number, Told>> {
  const [test, ...rest] = stepsOf('beta');
  const interrupted = { expect: { results: ['error'], lastMessage: { contains: 'Interrupted' } }, ...rest[0] };
  const mend = { calls: [{ bash: `echo '// mended' >> lib.mjs\n${commit('Mend it')}` }] };
  return {
    [ISSUES.shipped]: { repo: 'shipped', title: 'Ship at once', steps: stepsOf('alpha') },
    [ISSUES.session]: {
      repo: 'session',
      title: 'Die at work',
      steps: [
        test ?? {},
        { calls: [{ bash: { command: AT_WORK, timeout_seconds: 600 } }] },
        interrupted,
        ...rest.slice(1),
      ],
    },
    [ISSUES.frozen]: { repo: 'frozen', title: 'Freeze', steps: [...stepsOf('gamma'), mend, SUBMIT] },
    [ISSUES.queued]: { repo: 'frozen', title: 'Wait behind a freeze', steps: stepsOf('delta') },
    [ISSUES.approval]: { repo: 'approval', title: 'Ask first', steps: stepsOf('epsilon') },
  };
}

/** Its `up`, and what its repos look like from outside. */
export interface House {
  readonly dir: string;
  readonly up: UpProcess;
  /** `old new main`, one a push that the remote took. */
  pushes(repo: RepoName): string[];
  /** Shas, one a run of the deploy command. */
  deployed(repo: RepoName): string[];
  issueText(issue: number): string;
  /** What makes the frozen repo's deploy red. */
  readonly broken: string;
}

export function houseAt(dir: string, under: readonly string[] = []): House {
  const dataDir = join(dir, 'data');
  const config = join(dir, 'lamplighter.yaml');
  return {
    dir,
    up: createUpProcess({ dataDir, args: ['--config', config], under, issues: Object.values(ISSUES) }),
    pushes: (repo) => lines(join(dir, repo, 'remote.git', 'pushes.log')),
    deployed: (repo) => lines(join(dir, repo, 'live')),
    issueText(issue) {
      const files = REPOS.flatMap((repo) => {
        const folder = join(dir, repo, 'issues');
        return readdirSync(folder).map((name) => join(folder, name));
      });
      const start = String(issue).padStart(4, '0');
      return readFileSync(files.find((file) => file.includes(`/${start}-`)) ?? `no issue ${issue} in ${dir}`, 'utf8');
    },
    broken: join(dir, 'broken'),
  };
}

const FILES = {
  'lib.mjs': 'export function add(a, b) {\n  return a + b;\n}\n',
  'test/lib.test.mjs':
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\nimport * as lib from '../lib.mjs';\n\ntest('add adds', () => {\n  assert.equal(lib.add(1, 2), 3);\n});\n",
};

const CONTRACT = {
  checks: [
    {
      name: 'unit',
      test: 'node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"',
      report: 'junit',
      globs: ['test/**'],
      timeoutSeconds: 60,
    },
  ],
  toolchain: ['node'],
};

/** An empty one, disarmed, before any `up`. */
export function buildHouse(dir: string): void {
  mkdirSync(join(dir, 'data'), { recursive: true });
  mkdirSync(join(dir, 'scenarios'));
  for (const repo of REPOS) {
    mkdirSync(join(dir, repo, 'issues'), { recursive: true });
    const contract = { ...CONTRACT, ...(repo === 'approval' ? { push: 'ask' } : {}) };
    createRemote(join(dir, repo), {
      ...FILES,
      '.lamplighter.yml': stringify(contract),
    });
  }
  for (const [number, told] of Object.entries(tales())) writeIssue(dir, Number(number), told);
  writeFileSync(join(dir, 'broken'), '');
  writeFileSync(join(dir, 'lamplighter.yaml'), configText(dir));
}

function writeIssue(dir: string, number: number, { repo, title, steps }: Told): void {
  const label = 'ready-for-agent';
  const event = { id: `${number}-first`, label, action: 'added', by: PERSON, at: new Date().toISOString() };
  const front = { number, title, author: PERSON, state: 'open', labels: [label], events: [event], blockedBy: [] };
  const name = `${String(number).padStart(4, '0')}-${title.toLowerCase().replaceAll(' ', '-')}`;
  writeFileSync(join(dir, repo, 'issues', `${name}.md`), `---\n${stringify(front)}---\n\nAs the title says.\n`);
  const capture = ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)', 'Refs #(?<issue>\\d+)'];
  writeFileSync(
    join(dir, 'scenarios', `${name}.yaml`),
    stringify({ name, match: title, capture, triage: ACCEPT, steps }),
  );
}

function configText(dir: string): string {
  const deploy =
    '[ "$REPO" != frozen ] || [ ! -e "$BROKEN" ] || { echo "the smoke test fails"; exit 1; }\necho "$LAMPLIGHTER_SHA" >> "$LIVE"';
  return stringify({
    repos: REPOS.map((repo) => ({
      name: `demo/${repo}`,
      remote: join(dir, repo, 'remote.git'),
      tracker: { kind: 'local', dir: join(dir, repo, 'issues'), people: { [PERSON]: 'write' } },
      deploy: {
        command: deploy,
        timeoutSeconds: 60,
        env: { REPO: repo, BROKEN: join(dir, 'broken'), LIVE: join(dir, repo, 'live') },
      },
    })),
    allow: REPOS.map((repo) => `demo/${repo}`),
    model: { scenarios: join(dir, 'scenarios') },
    bounds: { fixAttempts: 0 },
    slots: 4,
    pollSeconds: 2,
    heartbeatSeconds: 2,
  });
}

const PACKED = fileURLToPath(new URL('houses/', import.meta.url));

export function packedHouses(): readonly string[] {
  return readdirSync(PACKED)
    .filter((name) => name.endsWith('.tar.gz'))
    .map((name) => name.slice(0, -'.tar.gz'.length));
}

export function packHouse(dir: string, release: string): string {
  mkdirSync(PACKED, { recursive: true });
  const file = join(PACKED, `${release}.tar.gz`);
  const tar = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-C', dir, '-cf', '-', '.'];
  const packed = execFileSync('tar', tar, { maxBuffer: 2 ** 30 });
  writeFileSync(file, execFileSync('gzip', ['-9n'], { input: packed, maxBuffer: 2 ** 30 }));
  return file;
}

/** In a temporary folder of its own: the caller removes it. */
export function unpackHouse(release: string): string {
  const dir = mkdtempSync(FOLDER);
  execFileSync('tar', ['-C', dir, '-xzf', join(PACKED, `${release}.tar.gz`)]);
  writeOver(dir, NEUTRAL, dir);
  return dir;
}

/** One name for another of the same length. Git's objects and the blobs are named by what they hold; SQLite's pages don't mind. */
export function writeOver(folder: string, from: string, to: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'objects' && entry.name !== 'blobs') writeOver(path, from, to);
    if (!entry.isFile()) continue;
    const bytes = readFileSync(path);
    if (!bytes.includes(from)) continue;
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) bytes.write(to, at);
    writeFileSync(path, bytes);
  }
}
