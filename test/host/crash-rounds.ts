/**
 * Clients, runners and whoever resumes are killed at random moments of a cycle, on the host of files. However it goes, the VM ends running,
 * with one stop and one start, and the result can be had by the op's id.
 *
 *   node test/host/crash-rounds.ts [--rounds N] [--seed N]      one JSON document on stdout
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startFakeHost } from '../lab/fake-host/fake-host.ts';
import { answerOf, call, journal, killRunner, opId, resume, start } from './call.ts';
import { random } from './inputs.ts';

export interface Round {
  seed: number;
  kills: number;
  /** The last word of the journal at each kill: where it struck. */
  struck: string[];
  problem: string | null;
}

const expected = ['stop 5000001', 'start 5000002'];
const ended = / end .* ;\n/;

export async function crashRound(seed: number): Promise<Round> {
  const next = random(seed);
  const host = await startFakeHost();
  const op = opId();
  const struck: string[] = [];
  let kills = 0;
  try {
    for (let attempt = 0; attempt < 1 + Math.floor(next() * 3); attempt += 1) {
      const client = start(host, 'human', `cycle op=${op}`);
      const gone = answerOf(client);
      await Promise.race([delay(next() * 3_000), gone]);
      if (ended.test(journal(host, op))) break;
      struck.push(journal(host, op).trimEnd().split('\n').at(-1)?.split(' ').slice(1, 3).join(' ') ?? '');
      kills += 1;
      const what = next();
      if (what < 0.75) client.kill('SIGKILL');
      if (what > 0.25) killRunner(host);
      // A client that was left alone sees its op through, whoever had to be started again for it.
      if (what >= 0.75) await gone;
    }
    const problem = await verdict(host, op);
    return { seed, kills, struck, problem };
  } finally {
    await host.close();
  }
}

async function verdict(host: Awaited<ReturnType<typeof startFakeHost>>, op: string): Promise<string | null> {
  // What the timer does each minute; a client killed before its request was recorded asks again, with the same id.
  for (let minute = 0; minute < 10 && !ended.test(journal(host, op)); minute += 1) {
    if (journal(host, op) === '') await call(host, 'human', `cycle op=${op}`);
    else await resume(host);
    await delay(50);
  }
  const answer = await call(host, 'human', `cycle op=${op}`);
  const { result, reason } = answer.document();
  const power = host.power().join(', ');
  if (power !== expected.join(', '))
    return `power events: ${power || 'none'}; ${result} ${reason}\n${journal(host, op)}`;
  if (host.pid() !== '5000002') return `the VM does not run; ${result} ${reason}`;
  return result === 'ok' ? null : `${result} ${reason}\n${journal(host, op)}`;
}

async function main(): Promise<void> {
  const options = { rounds: { type: 'string' }, seed: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const rounds = Number(values.rounds ?? 2_000);
  const first = Number(values.seed ?? 1);
  const failed: Round[] = [];
  let kills = 0;
  const waiting = Array.from({ length: rounds }, (_, index) => first + index);
  const worker = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const round = await crashRound(seed);
      kills += round.kills;
      if (round.problem) failed.push(round);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  process.stdout.write(`${JSON.stringify({ rounds, kills, failed })}\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
