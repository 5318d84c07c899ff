/**
 * The playground: two small real repos, each with a bare remote, a tracker and a live service; three issues, the scripted model's
 * scenarios, and the `lamplighter.yaml` that joins them. Everything is a function of the seed but the ports, which must also be free.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { localIssues } from '../config/trackers/local.ts';
import { chooseAbout } from './about.ts';
import type { Behaviour, Change, Expected, NewFile } from './change.ts';
import { git } from './git.ts';
import { issueFile, issueFileName } from './issue-file.ts';
import { choosePricing } from './pricing.ts';
import { flipCurrent, putRelease } from './release.ts';
import { scenarioFile } from './scenario.ts';
import { createSeeded, type Seeded } from './seeded.ts';
import { serviceFiles } from './service.ts';
import { chooseSigning } from './signing.ts';
import { chooseOtherTheme, chooseTheme, type Theme } from './theme.ts';

export interface PlaygroundIssue {
  /** Name of its repo; numbers are unique over both. */
  readonly repo: string;
  readonly number: number;
  readonly title: string;
  readonly expected: Expected;
}

export interface PlaygroundRepo {
  /** `owner/name`. */
  readonly name: string;
  /** Port of its live service. */
  readonly port: number;
  /** Sha of main before any run. */
  readonly base: string;
  /** What the live service answers before and after. */
  readonly behaviour: Behaviour;
  /** Below the playground: the bare repository, the tracker's issues, the releases. */
  readonly remote: string;
  readonly issues: string;
  readonly live: string;
}

/** In `playground.json`, for whoever judges the playground from outside; paths are relative there, absolute in a `Playground`. */
export interface PlaygroundFacts {
  readonly seed: number;
  /** In the first, issues run one after the other; the second runs beside it. */
  readonly repos: readonly [PlaygroundRepo, PlaygroundRepo];
  readonly issues: readonly PlaygroundIssue[];
}

export interface Playground extends PlaygroundFacts {
  readonly dir: string;
  /** Path of its `lamplighter.yaml`. */
  readonly config: string;
}

/** One repo before any file: what a seed decides of it. */
export interface RepoDesign {
  readonly theme: Theme;
  readonly files: readonly NewFile[];
  readonly changes: readonly Change[];
  readonly behaviour: Behaviour;
}

export type Design = readonly [RepoDesign, RepoDesign];

const EPOCH = Date.UTC(2026, 0, 5, 9);
const DAY_MS = 24 * 60 * 60_000;

export function designPlayground(seed: number): Design {
  const seeded = createSeeded(seed);
  const first = chooseTheme(seeded);
  const pricing = choosePricing(seeded, first);
  const signing = chooseSigning(seeded, first);
  const second = chooseOtherTheme(seeded, first);
  const fine = choosePricing(seeded, second);
  const about = chooseAbout(seeded, second);
  return [
    {
      theme: first,
      files: serviceFiles(first, pricing, pricing.module),
      changes: [pricing.change, signing],
      behaviour: pricing.behaviour,
    },
    {
      theme: second,
      files: serviceFiles(second, fine, fine.rightModule),
      changes: [about.change],
      behaviour: about.behaviour,
    },
  ];
}

/** Makes it on first use; later ones find it as it is. Another seed in the same folder is refused: what runs have done there is not thrown away. */
export async function createPlayground({
  dir,
  seed,
}: {
  readonly dir: string;
  readonly seed: number;
}): Promise<Playground> {
  if (existsSync(dir)) return openPlayground(dir, seed);
  await mkdir(dirname(dir), { recursive: true });
  // Whole or not at all: a death on the way leaves a draft, and the next start makes another one.
  const draft = await mkdtemp(`${dir}.draft-`);
  const design = designPlayground(seed);
  const ports = createSeeded(seed + 1);
  const facts: PlaygroundFacts = {
    seed,
    repos: [await makeRepo(draft, design[0], ports), await makeRepo(draft, design[1], ports)],
    issues: design.flatMap(({ theme, changes }) =>
      changes.map(({ issue, title, expected }) => ({ repo: theme.repo, number: issue, title, expected })),
    ),
  };
  await writeFiles(draft, [
    ...design.flatMap(({ changes }) =>
      changes.map((change) => ({ path: `scenarios/issue-${change.issue}.yaml`, text: scenarioFile(change) })),
    ),
    { path: 'lamplighter.yaml', text: configText(dir, facts, design[0].theme) },
    { path: 'playground.json', text: `${JSON.stringify(facts, null, 2)}\n` },
  ]);
  await rename(draft, dir);
  return placed(dir, facts);
}

async function openPlayground(dir: string, seed: number): Promise<Playground> {
  const facts = JSON.parse(await readFile(join(dir, 'playground.json'), 'utf8')) as PlaygroundFacts;
  if (facts.seed !== seed)
    throw new Error(
      `${dir} holds the playground of seed ${facts.seed}, not ${seed}: take another --data-dir, or --seed ${facts.seed}`,
    );
  return placed(dir, facts);
}

function placed(dir: string, facts: PlaygroundFacts): Playground {
  const place = (repo: PlaygroundRepo): PlaygroundRepo => ({
    ...repo,
    remote: join(dir, repo.remote),
    issues: join(dir, repo.issues),
    live: join(dir, repo.live),
  });
  const [first, second] = facts.repos;
  return { ...facts, repos: [place(first), place(second)], dir, config: join(dir, 'lamplighter.yaml') };
}

/** A folder of the repo's name: its bare remote with a little history, its issues, and the base as the release that serves. */
async function makeRepo(draft: string, design: RepoDesign, ports: Seeded): Promise<PlaygroundRepo> {
  const { theme, changes, behaviour } = design;
  const folder = theme.repo.split('/').at(-1) ?? theme.repo;
  await mkdir(join(draft, folder));
  const base = await makeRemote(join(draft, folder), design);
  await writeFiles(
    join(draft, folder, 'issues'),
    changes.map((change) => ({
      path: issueFileName(change),
      text: issueFile(change, theme.person, EPOCH + 3 * DAY_MS + change.issue * 60_000),
    })),
  );
  return {
    name: theme.repo,
    port: await choosePort(ports),
    base,
    behaviour,
    remote: join(folder, 'remote.git'),
    issues: join(folder, 'issues'),
    live: join(folder, 'live'),
  };
}

async function makeRemote(dir: string, { files, theme }: RepoDesign): Promise<string> {
  const work = join(dir, 'work');
  await mkdir(work);
  await git(dir, ['init', '-q', '--bare', '-b', 'main', 'remote.git']);
  await git(work, ['init', '-q', '-b', 'main']);
  const parts: readonly (readonly [subject: string, of: (file: NewFile) => boolean])[] = [
    [
      `${theme.goods}: what they cost`,
      ({ path }) => path === `${theme.module}.mjs` || path === `test/${theme.module}.test.mjs`,
    ],
    [
      'The service and its tests',
      ({ path }) => /^(?:service|server|test\/service\.test)\.mjs$|^package\.json$|^\.gitignore$/.test(path),
    ],
    ['How it is checked and built', () => true],
  ];
  const left = new Set(files);
  for (const [index, [subject, belongs]] of parts.entries()) {
    const mine = [...left].filter(belongs);
    await writeFiles(work, mine);
    for (const file of mine) left.delete(file);
    await git(work, ['add', '-A']);
    await git(work, ['commit', '-q', '-m', subject], EPOCH + index * DAY_MS);
  }
  await git(work, ['push', '-q', join(dir, 'remote.git'), 'main']);
  const base = await git(work, ['rev-parse', 'HEAD']);
  await putRelease(join(dir, 'live'), base, work);
  await flipCurrent(join(dir, 'live'), base);
  await rm(work, { recursive: true });
  return base;
}

async function writeFiles(dir: string, files: readonly NewFile[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

/** One attempt: the playground shows what one can mend, and that there is an end to them. */
const FIX_ATTEMPTS = 1;

function configText(dir: string, { repos }: PlaygroundFacts, { person }: Theme): string {
  const script = fileURLToPath(new URL('deploy.ts', import.meta.url));
  return stringify(
    {
      repos: repos.map(({ name, port, remote, issues, live }) => ({
        name,
        remote,
        tracker: localIssues(issues, { [person]: 'write' }),
        deploy: {
          command: [process.execPath, script, join(dir, live)].map(quoted).join(' '),
          timeoutSeconds: 60,
          health: {
            url: `http://127.0.0.1:${port}/healthz`,
            version: 'json:version',
            times: 3,
            everySeconds: 0.2,
            timeoutSeconds: 2,
          },
        },
      })),
      allow: repos.map(({ name }) => name),
      model: { scenarios: 'scenarios' },
      bounds: { watchMinutes: 5, fixAttempts: FIX_ATTEMPTS },
      pollSeconds: 10,
    },
    { lineWidth: 0 },
  );
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

async function choosePort(seeded: Seeded): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = seeded.between(20_000, 29_999);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port was found from 20000 to 29999 in 50 tries: end what listens there');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
