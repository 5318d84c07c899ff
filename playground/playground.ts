/**
 * The playground: a small real repo with a bare remote, two issues, the scripted model's scenarios, a live service and
 * the `lamplighter.yaml` that joins them. Everything is a function of the seed but the port, which must also be free.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { chooseAbout } from './about.ts';
import type { Behaviour, Change, NewFile } from './change.ts';
import { git } from './git.ts';
import { issueFile, issueFileName } from './issue-file.ts';
import { choosePricing } from './pricing.ts';
import { flipCurrent, putRelease } from './release.ts';
import { scenarioFile } from './scenario.ts';
import { createSeeded, type Seeded } from './seeded.ts';
import { serviceFiles } from './service.ts';
import { chooseTheme, type Theme } from './theme.ts';

export interface PlaygroundIssue {
  readonly number: number;
  readonly title: string;
  readonly expected: 'shipped' | 'frozen';
}

/** Also in `playground.json`, for whoever judges the playground from outside. */
export interface PlaygroundFacts {
  readonly seed: number;
  readonly repo: string;
  readonly port: number;
  /** Sha of main before any run. */
  readonly base: string;
  readonly issues: readonly PlaygroundIssue[];
  readonly behaviour: Behaviour;
}

export interface Playground extends PlaygroundFacts {
  readonly dir: string;
  /** Path of its `lamplighter.yaml`. */
  readonly config: string;
  /** Bare repository. */
  readonly remote: string;
  /** Folder of the releases. */
  readonly live: string;
  /** Arguments of `playground/host.ts`. */
  readonly hostArgs: readonly string[];
}

/** The whole design of a playground, before any file: what a seed decides. */
export interface Design {
  readonly theme: Theme;
  readonly files: readonly NewFile[];
  readonly changes: readonly Change[];
  readonly behaviour: Behaviour;
}

const EPOCH = Date.UTC(2026, 0, 5, 9);
const DAY_MS = 24 * 60 * 60_000;

export function designPlayground(seed: number): Design {
  const seeded = createSeeded(seed);
  const theme = chooseTheme(seeded);
  const pricing = choosePricing(seeded, theme);
  const about = chooseAbout(seeded, theme);
  return { theme, files: serviceFiles(theme, pricing), changes: [pricing.change, about], behaviour: pricing.behaviour };
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
  const base = await makeRemote(draft, design);
  const facts: PlaygroundFacts = {
    seed,
    repo: design.theme.repo,
    port: await choosePort(createSeeded(seed + 1)),
    base,
    issues: design.changes.map(({ issue, title, expected }) => ({ number: issue, title, expected })),
    behaviour: design.behaviour,
  };
  await writeFiles(draft, [
    ...design.changes.map((change) => ({
      path: `issues/${issueFileName(change)}`,
      text: issueFile(change, design.theme.person, EPOCH + 3 * DAY_MS + change.issue * 60_000),
    })),
    ...design.changes.map((change) => ({ path: `scenarios/issue-${change.issue}.yaml`, text: scenarioFile(change) })),
    { path: 'lamplighter.yaml', text: configText(dir, facts, design.theme) },
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
  const live = join(dir, 'live');
  return {
    ...facts,
    dir,
    config: join(dir, 'lamplighter.yaml'),
    remote: join(dir, 'remote.git'),
    live,
    hostArgs: [live, String(facts.port)],
  };
}

/** The bare remote with a little history, and the base as the release that serves. */
async function makeRemote(dir: string, { files, theme }: Design): Promise<string> {
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

function configText(dir: string, { repo, port }: PlaygroundFacts, { person }: Theme): string {
  const script = fileURLToPath(new URL('deploy.ts', import.meta.url));
  return stringify(
    {
      repos: [
        {
          name: repo,
          remote: 'remote.git',
          tracker: { kind: 'local', dir: 'issues', people: { [person]: 'write' } },
          deploy: {
            command: [process.execPath, script, join(dir, 'live')].map(quoted).join(' '),
            timeoutSeconds: 60,
            health: {
              url: `http://127.0.0.1:${port}/healthz`,
              version: 'json:version',
              times: 3,
              everySeconds: 0.2,
              timeoutSeconds: 2,
            },
          },
        },
      ],
      allow: [repo],
      model: { scenarios: 'scenarios' },
      bounds: { watchMinutes: 5 },
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
