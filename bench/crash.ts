/**
 * `npm run crash -- <area> [--json] [--seed N] [--story NAME] [--deaths N] [--sigkills N] [--minutes N] [--resume] [--state DIR]`: kills runs by the thousand and counts
 * what that did to the world. One JSON document on stdout with `--json`; progress on stderr. Exits with 1 when anything was doubled, lost
 * or left unresolved, and with 2 when it was called wrongly.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killInProcess } from './crash/aborts.ts';
import { commitOf } from './crash/commit.ts';
import { killProcesses } from './crash/kills.ts';
import { STORIES, type Story } from './crash/stories.ts';
import { added, documentOf, keepTally, NOTHING, readTally, type CrashDocument, type Tally } from './crash/tally.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Area {
  /** What must be reached, when nothing else is asked for: SIGKILLs are among the deaths. */
  readonly deaths: number;
  readonly sigkills: number;
}

const AREAS: Readonly<Record<string, Area>> = {
  pipeline: { deaths: 2_000, sigkills: 100 },
};

const MOST_TURNS_LOST = 1;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

interface Asked {
  readonly area: string;
  readonly deaths: number;
  readonly sigkills: number;
  readonly seed: number;
  readonly minutes: number | null;
  readonly stories: readonly Story[];
  readonly resume: boolean;
  /** Folder in which it is kept what came of it. */
  readonly state: string;
}

async function run(asked: Asked): Promise<CrashDocument> {
  const file = join(asked.state, `${asked.area}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const logFile = join(dirname(file), `${asked.area}.log`);
  const commit = commitOf();
  const kept = asked.resume ? readTally(file, asked.area, commit) : null;
  let tally: Tally = kept ?? { area: asked.area, commit, seconds: 0, aborts: NOTHING, kills: NOTHING };
  say(
    `${asked.area} at ${commit}, seed ${asked.seed}${kept === null ? '' : `, on top of ${documentOf(kept, asked.seed).deaths} deaths`}`,
  );
  const begun = Date.now();
  const until = asked.minutes === null ? Number.POSITIVE_INFINITY : begun + asked.minutes * 60_000;
  const shared = { stories: asked.stories, seed: asked.seed, until, logFile, say };

  // Side by side: the one mostly waits for Temporal, the other for the machine.
  const sigkills = asked.sigkills - tally.kills.deaths;
  const aborts = asked.deaths - asked.sigkills - tally.aborts.deaths;
  const [kills, more] = await Promise.all([
    sigkills > 0 ? killProcesses({ ...shared, runsBefore: tally.kills.runs, deaths: sigkills }) : NOTHING,
    aborts > 0 ? killInProcess({ ...shared, toldBefore: tally.aborts.runs, deaths: aborts }) : NOTHING,
  ]);
  tally = {
    ...tally,
    kills: added(tally.kills, kills),
    aborts: added(tally.aborts, more),
    seconds: tally.seconds + (Date.now() - begun) / 1_000,
  };
  keepTally(file, tally);
  return documentOf(tally, asked.seed);
}

/** Null after words about what was wrong. */
function readArguments(): (Asked & { readonly json: boolean }) | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    json: flag,
    resume: flag,
    seed: text,
    deaths: text,
    sigkills: text,
    minutes: text,
    state: text,
    story: text,
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name = ''] = positionals;
  const area = AREAS[name];
  if (area === undefined) {
    say(`There is no area ${name || '(none given)'}. Areas: ${Object.keys(AREAS).join(', ')}`);
    return null;
  }
  const numbers = { seed: 1, deaths: area.deaths, sigkills: area.sigkills, minutes: null as number | null };
  for (const key of ['seed', 'deaths', 'sigkills', 'minutes'] as const) {
    const given = values[key];
    if (given === undefined) continue;
    numbers[key] = Number(given);
    if (!Number.isFinite(numbers[key]) || given.trim() === '') {
      say(`--${key} must be a number, and is ${JSON.stringify(given)}`);
      return null;
    }
  }
  const state = values.state ?? join(root, '.cache', 'crash');
  const stories = STORIES.filter((one) => values.story === undefined || one.name === values.story);
  if (stories.length === 0) {
    say(`There is no story ${values.story}. Stories: ${STORIES.map((one) => one.name).join(', ')}`);
    return null;
  }
  return { ...numbers, area: name, stories, json: values.json, resume: values.resume, state };
}

const asked = readArguments();
if (asked === null) {
  process.exitCode = 2;
} else {
  const document = await run(asked);
  if (asked.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else
    say(
      `${document.deaths} deaths (${document.sigkills} SIGKILLs), ${document.duplicates} duplicates, at most ${document.turnsLostMax} turns lost, ${document.unresolved} unresolved`,
    );
  const isClean = document.duplicates === 0 && document.unresolved === 0 && document.turnsLostMax <= MOST_TURNS_LOST;
  process.exitCode = isClean ? 0 : 1;
}
