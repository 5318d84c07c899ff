/**
 * `npm run crash -- <area> [--json] [--seed N] [--story NAME] [--deaths N] [--sigkills N | --rounds N] [--minutes N] [--resume] [--load N] [--state DIR]`:
 * kills runs or power verbs by the thousand and counts what that did to the world. One JSON document on stdout with `--json`; progress on stderr.
 * Exits with 1 when anything was doubled, lost or left unresolved, or a place was missed, and with 2 when it was called wrongly.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AREAS, type Area } from './crash/areas.ts';
import { commitOf } from './crash/commit.ts';
import { makeLoad } from './crash/load.ts';
import type { Tale } from './crash/tales.ts';
import { added, documentOf, keepTally, NOTHING, readTally, type CrashDocument, type Tally } from './crash/tally.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MOST_TURNS_LOST = 1;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

interface Asked {
  readonly name: string;
  readonly area: Area;
  readonly goals: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly minutes: number | null;
  readonly tales: readonly Tale[];
  readonly resume: boolean;
  /** Busy processes beside it, of its own making. */
  readonly load: number;
  /** Folder in which it is kept what came of it. */
  readonly state: string;
}

async function run({ name, area, goals, seed, minutes, tales, resume, load, state }: Asked): Promise<CrashDocument> {
  const file = join(state, `${name}.json`);
  mkdirSync(state, { recursive: true });
  const commit = commitOf();
  const kept = resume ? readTally(file, name, commit) : null;
  const before: Tally = kept ?? { area: name, commit, seconds: 0, shares: {} };
  const sum = documentOf(before, { seed, load }, area);
  const beside = load === 0 ? '' : `, beside ${load} busy processes`;
  say(`${name} at ${commit}, seed ${seed}${beside}${kept === null ? '' : `, on top of ${sum.deaths} deaths`}`);
  const begun = Date.now();
  const until = minutes === null ? Number.POSITIVE_INFINITY : begun + minutes * 60_000;
  const logFile = join(state, `${name}.log`);
  const busy = makeLoad(load);
  const telling = { goals, tales, seed, until, logFile, say, before: before.shares };
  const more = await area.tell(telling).finally(() => busy.stop());
  const shares = { ...before.shares };
  for (const [kind, share] of Object.entries(more)) shares[kind] = added(shares[kind] ?? NOTHING, share);
  const seconds = before.seconds + (Date.now() - begun) / 1_000;
  const tally = { ...before, seconds, shares };
  keepTally(file, tally);
  return documentOf(tally, { seed, load }, area);
}

const NUMBERS = ['seed', 'minutes', 'load', 'deaths', 'sigkills', 'rounds'] as const;
/** What is no goal of an area. */
const HOW: readonly string[] = ['seed', 'minutes', 'load'];

/** Throws words about what is wrong. */
function readArguments(): Asked & { readonly json: boolean } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const numbers = { seed: text, minutes: text, load: text, deaths: text, sigkills: text, rounds: text } as const;
  const options = { json: flag, resume: flag, state: text, story: text, ...numbers } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name = ''] = positionals;
  const area = AREAS[name];
  if (area === undefined)
    throw new Error(`There is no area ${name || '(none given)'}. Areas: ${Object.keys(AREAS).join(', ')}`);
  const given = new Map(
    NUMBERS.flatMap((key) => (values[key] === undefined ? [] : [[key, numberOf(key, values[key])]])),
  );
  const goals = { ...area.goals };
  for (const [key, value] of given) {
    if (HOW.includes(key)) continue;
    if (goals[key] === undefined)
      throw new Error(`--${key} is nothing that ${name} counts. It counts ${Object.keys(goals).join(', ')}`);
    goals[key] = value;
  }
  // `shipped` are all that are told of it, `shipped, cancel in verify` is one.
  const tales = area.tales.filter((one) => one.name.startsWith(values.story ?? ''));
  if (values.story !== undefined && tales.length === 0)
    throw new Error(`There is no story ${values.story}. Stories: ${area.tales.map((one) => one.name).join('; ')}`);
  const { json, resume, state = join(root, '.cache', 'crash') } = values;
  const seed = given.get('seed') ?? 1;
  const load = given.get('load') ?? 0;
  return { name, area, goals, seed, minutes: given.get('minutes') ?? null, tales, json, resume, load, state };
}

function numberOf(key: string, given: string): number {
  const value = Number(given);
  if (!Number.isFinite(value) || given.trim() === '')
    throw new Error(`--${key} must be a number, and is ${JSON.stringify(given)}`);
  return value;
}

function isClean({ goals }: Area, document: CrashDocument): boolean {
  const { duplicates, unresolved, actsLost, undone, turnsLostMax, missed, deaths } = document;
  // Few deaths can't be everywhere.
  const wasEverywhere = missed.length === 0 || deaths < (goals['deaths'] ?? 0);
  const isWhole = duplicates + unresolved + actsLost + undone === 0;
  return isWhole && turnsLostMax <= MOST_TURNS_LOST && wasEverywhere;
}

async function main(): Promise<number> {
  let asked;
  try {
    asked = readArguments();
  } catch (error) {
    say((error as Error).message);
    return 2;
  }
  const document = await run(asked);
  const { deaths, sigkills, duplicates, turnsLostMax, unresolved, actsLost, undone } = document;
  if (asked.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else
    say(
      `${deaths} deaths (${sigkills} SIGKILLs), ${duplicates} duplicates, at most ${turnsLostMax} turns lost, ${unresolved} unresolved, ${actsLost} acts lost, ${undone} times undone what a person did to main`,
    );
  return isClean(asked.area, document) ? 0 : 1;
}

process.exitCode = await main();
