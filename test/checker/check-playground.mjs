/**
 * Judges a played playground from outside: `node check-playground.mjs <playground folder> <document.json>`. Imports nothing
 * of the project. What the document claims is worked out again from the bare remote, the deploy's releases and the port.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

const [, , dir, documentFile] = process.argv;
if (dir === undefined || documentFile === undefined) {
  process.stderr.write('usage: check-playground.mjs <playground folder> <document.json>\n');
  process.exit(2);
}

const complaints = [];
const remote = `${dir}/remote.git`;
const facts = JSON.parse(readFileSync(`${dir}/playground.json`, 'utf8'));
const played = JSON.parse(readFileSync(documentFile, 'utf8'));

function demand(holds, complaint) {
  if (!holds) complaints.push(complaint);
}

function git(...args) {
  return execFileSync('git', ['--git-dir', remote, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  }).trim();
}

function onMain(sha) {
  try {
    git('merge-base', '--is-ancestor', sha, 'main');
    return true;
  } catch {
    return false;
  }
}

function ask(path) {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port: facts.port, path, agent: false, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')));
    asked.on('error', (error) => resolve({ status: 0, body: String(error) }));
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Our commits of an issue: those since the base whose message names it, with the run that each claims. */
function commitsOf(issue) {
  const log = git('log', '--reverse', '--format=%H%x1f%B%x1e', `${facts.base}..main`);
  return log
    .split('\x1e')
    .map((entry) => entry.trim().split('\x1f'))
    .filter(([sha, message]) => sha && new RegExp(`^Refs #${issue}$`, 'm').test(message ?? ''))
    .map(([sha, message]) => ({ sha, run: /^Lamplighter-Run: (\S+)$/m.exec(message)?.[1] ?? null }));
}

function checkRun({ number, expected }) {
  const runs = (played.runs ?? []).filter((run) => run.issue === number);
  demand(runs.length === 1, `issue ${number}: the document has ${runs.length} runs of it, not one`);
  const [run] = runs;
  if (run === undefined) return null;
  const what = `issue ${number}`;
  const outcome = expected === 'shipped' ? 'shipped' : 'abandoned';
  demand(run.outcome === outcome, `${what}: ended ${run.outcome}, not ${outcome}`);
  demand(run.froze === (expected === 'frozen'), `${what}: froze is ${run.froze}`);
  demand(run.repo === facts.repo, `${what}: repo is ${run.repo}, not ${facts.repo}`);
  demand(run.turns > 0 && run.usd > 0, `${what}: ${run.turns} turns for ${run.usd} dollars`);

  const commits = commitsOf(number);
  demand(
    commits.length >= 2,
    `${what}: main has ${commits.length} commits with "Refs #${number}", not a test and a change`,
  );
  demand(
    new Set(commits.map((commit) => commit.run)).size === 1,
    `${what}: its commits do not carry one run's trailer`,
  );
  demand(
    commits.every((commit) => commit.run !== null),
    `${what}: a commit has no Lamplighter-Run trailer`,
  );
  demand(/^[0-9a-f]{40,64}$/.test(run.sha ?? '') && onMain(run.sha), `${what}: its sha ${run.sha} is not on main`);
  demand(
    commits.some(({ sha }) => sha === run.sha),
    `${what}: its sha ${run.sha} is none of its commits`,
  );
  const verdicts = new Map((run.evidence ?? []).map(({ kind, verdict }) => [kind, verdict]));
  for (const kind of ['red', 'regression', 'green', 'guard', 'push', 'build'])
    demand(verdicts.get(kind) === 'green', `${what}: the evidence ${kind} is ${verdicts.get(kind) ?? 'missing'}`);
  const deploy = expected === 'shipped' ? 'green' : 'red';
  demand(
    verdicts.get('deploy') === deploy,
    `${what}: the evidence deploy is ${verdicts.get('deploy') ?? 'missing'}, not ${deploy}`,
  );
  return run;
}

const ends = new Map(facts.issues.map((issue) => [issue.expected, checkRun(issue)]));
const shipped = ends.get('shipped');

const health = await ask('/healthz');
const version = parse(health.body)?.version;
demand(
  version === shipped?.sha,
  `port ${facts.port} answers version ${version ?? health.body}, not the shipped ${shipped?.sha}`,
);
const answer = await ask(facts.behaviour.path);
demand(
  answer.status === 200 && isDeepStrictEqual(parse(answer.body), facts.behaviour.after),
  `GET ${facts.behaviour.path} answers ${answer.status} ${answer.body}, not ${JSON.stringify(facts.behaviour.after)}`,
);
const atBase = git('rev-parse', facts.base);
demand(onMain(atBase), `main does not contain its base ${facts.base}: history was rewritten`);

for (const complaint of complaints) process.stderr.write(`fail  ${complaint}\n`);
if (complaints.length === 0)
  process.stdout.write(`pass  ${facts.repo}, seed ${facts.seed}: ${shipped.sha} ships and serves, the other froze\n`);
process.exit(complaints.length === 0 ? 0 : 1);
