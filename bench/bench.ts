/**
 * `npm run bench -- <name> [--json] [--runs N]`: measures, and judges nothing. One JSON document on stdout with `--json`; progress on stderr.
 * Exits with 2 when it was called wrongly.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitOf } from './crash/commit.ts';

const folder = dirname(fileURLToPath(import.meta.url));

/** Program and how often it measures when nothing else is asked for. */
const BENCHES: Readonly<Record<string, { readonly program: string; readonly runs: number }>> = {
  pipeline: { program: 'pipeline.ts', runs: 5 },
  verb: { program: 'verb.ts', runs: 40 },
  idle: { program: 'idle.ts', runs: 1 },
  session: { program: 'session.ts', runs: 3 },
};

async function figuresOf(program: string, input: { readonly runs: number }): Promise<object> {
  // What a measured process says on stdout must not mix with the document.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, join(folder, program)], {
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const gone = once(child, 'exit').then(() => null);
  const answer = once(child, 'message').then(([figures]) => figures as object);
  child.send(input);
  const figures = await Promise.race([answer, gone]);
  if (figures === null) throw new Error(`${program} ended without figures: what it said stands above`);
  await gone;
  return figures;
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string' } },
  allowPositionals: true,
});
const [name = ''] = positionals;
const bench = BENCHES[name];
const runs = Number(values.runs ?? bench?.runs);
if (bench === undefined || !Number.isInteger(runs) || runs < 1) {
  const why = bench === undefined ? `There is no bench ${name || '(none given)'}` : '--runs must be a number from 1';
  process.stderr.write(`${why}. Benches: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
} else {
  const figures = await figuresOf(bench.program, { runs });
  const document = { name, commit: commitOf(), cores: availableParallelism(), ...figures };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  (values.json ? process.stdout : process.stderr).write(text);
}
