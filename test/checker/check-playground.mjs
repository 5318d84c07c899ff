/**
 * Judges a played playground from outside: `node check-playground.mjs <playground folder> <document.json>`. Imports nothing
 * of the project. What the document claims is worked out again from the bare remotes, the trackers' folders and the ports.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

const [, , dir, documentFile] = process.argv;
if (dir === undefined || documentFile === undefined) {
  process.stderr.write('usage: check-playground.mjs <playground folder> <document.json>\n');
  process.exit(2);
}

const complaints = [];
const facts = JSON.parse(readFileSync(`${dir}/playground.json`, 'utf8'));
const played = JSON.parse(readFileSync(documentFile, 'utf8'));

function demand(holds, complaint) {
  if (!holds) complaints.push(complaint);
}

function git(repo, ...args) {
  return execFileSync('git', ['--git-dir', `${dir}/${repo.remote}`, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  }).trim();
}

function onMain(repo, sha) {
  try {
    git(repo, 'merge-base', '--is-ancestor', sha, 'main');
    return true;
  } catch {
    return false;
  }
}

function ask({ port }, path) {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path, agent: false, timeout: 5_000 }, (response) => {
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

/** Our commits of an issue, oldest first: those since the base whose message names it, with the run that each claims. */
function commitsOf(repo, issue) {
  const log = git(repo, 'log', '--reverse', '--format=%H%x1f%B%x1e', `${repo.base}..main`);
  return log
    .split('\x1e')
    .map((entry) => entry.trim().split('\x1f'))
    .filter(([sha, message]) => sha && new RegExp(`^Refs #${issue}$`, 'm').test(message ?? ''))
    .map(([sha, message]) => ({ sha, run: /^Lamplighter-Run: (\S+)$/m.exec(message)?.[1] ?? null }));
}

/** What the issue's file says in the tracker's folder. */
function checkIssue(repo, { number, expected }, what) {
  const folder = `${dir}/${repo.issues}`;
  const name = readdirSync(folder).find((one) => one.startsWith(String(number).padStart(4, '0')));
  const [, state, labels] =
    /^state: (\w+)\n(labels:.*?)^events:/ms.exec(readFileSync(`${folder}/${name}`, 'utf8')) ?? [];
  const wanted = expected === 'frozen' ? 'open' : 'closed';
  demand(state === wanted, `${what}: its issue is ${state}, not ${wanted}`);
  demand(!labels?.includes('agent-in-progress'), `${what}: its issue is still labelled agent-in-progress`);
  const called = labels?.includes('ready-for-human') ?? false;
  demand(called === (expected === 'frozen'), `${what}: its issue ${called ? 'calls' : 'does not call'} a person`);
}

/** `expected`: shipped at once, mended by one further push, or frozen after one. */
function checkRun(issue) {
  const { number, expected } = issue;
  const repo = facts.repos.find(({ name }) => name === issue.repo);
  const runs = (played.runs ?? []).filter((run) => run.issue === number && run.repo === issue.repo);
  demand(runs.length === 1, `issue ${number}: the document has ${runs.length} runs of it, not one`);
  const [run] = runs;
  if (run === undefined) return null;
  const what = `issue ${number}`;
  const outcome = expected === 'frozen' ? 'abandoned' : 'shipped';
  demand(run.outcome === outcome, `${what}: ended ${run.outcome}, not ${outcome}`);
  demand(run.froze === (expected === 'frozen'), `${what}: froze is ${run.froze}`);
  demand(run.turns > 0 && run.usd > 0, `${what}: ${run.turns} turns for ${run.usd} dollars`);
  const attempts = expected === 'shipped' ? 0 : 1;
  demand(run.fixForwards === attempts, `${what}: ${run.fixForwards} fix-forward attempts, not ${attempts}`);

  const commits = commitsOf(repo, number);
  demand(
    commits.length >= 2 + attempts,
    `${what}: main has ${commits.length} commits with "Refs #${number}", not a test, a change and ${attempts} mendings`,
  );
  demand(
    new Set(commits.map((commit) => commit.run)).size === 1,
    `${what}: its commits do not carry one run's trailer`,
  );
  demand(
    commits.every((commit) => commit.run !== null),
    `${what}: a commit has no Lamplighter-Run trailer`,
  );
  demand(isSha(run.sha) && onMain(repo, run.sha), `${what}: its sha ${run.sha} is not on main`);
  demand(
    commits.some(({ sha }) => sha === run.sha),
    `${what}: its sha ${run.sha} is none of its commits`,
  );
  demand(commits.at(-1)?.sha === run.sha, `${what}: its sha is not its last commit on main`);
  checkEvidence(run, { what, expected, commits });
  checkIssue(repo, issue, what);
  return { repo, run };
}

function checkEvidence(run, { what, expected, commits }) {
  const rows = run.evidence ?? [];
  const last = new Map(rows.filter(({ sha }) => sha === run.sha).map(({ kind, verdict }) => [kind, verdict]));
  for (const kind of ['red', 'regression', 'green', 'guard', 'push', 'build'])
    demand(last.get(kind) === 'green', `${what}: the evidence ${kind} is ${last.get(kind) ?? 'missing'}`);
  const wanted = expected === 'frozen' ? 'red' : 'green';
  const deploy = last.get('deploy') ?? 'missing';
  demand(deploy === wanted, `${what}: the evidence deploy of its last push is ${deploy}, not ${wanted}`);

  const deploys = rows.filter(({ kind }) => kind === 'deploy');
  const came = deploys.map(({ verdict }) => verdict).join(', then ');
  const through = { shipped: 'green', mended: 'red, then green', frozen: 'red, then red' }[expected];
  demand(came === through, `${what}: its deploys came to ${came}, not ${through}`);
  if (expected === 'shipped' || deploys.length !== 2) return;
  const [red] = deploys;
  demand(
    red.sha !== run.sha && commits.some(({ sha }) => sha === red.sha),
    `${what}: its red deploy is of ${red.sha}, not of an earlier commit of the issue`,
  );
}

function isSha(text) {
  return /^[0-9a-f]{40,64}$/.test(text ?? '');
}

/** The last that was shipped in a repo is what its port serves. */
async function checkService(repo, sha) {
  const health = await ask(repo, '/healthz');
  const version = parse(health.body)?.version;
  demand(version === sha, `port ${repo.port} answers version ${version ?? health.body}, not the shipped ${sha}`);
  const { path, after } = repo.behaviour;
  const answer = await ask(repo, path);
  demand(
    answer.status === 200 && isDeepStrictEqual(parse(answer.body), after),
    `GET ${path} answers ${answer.status} ${answer.body}, not ${JSON.stringify(after)}`,
  );
  const base = git(repo, 'rev-parse', repo.base);
  demand(onMain(repo, base), `main of ${repo.name} does not contain its base ${repo.base}: history was rewritten`);
}

const ends = new Map(facts.issues.map((issue) => [issue.expected, checkRun(issue)]));
for (const expected of ['shipped', 'mended']) {
  const found = ends.get(expected);
  if (found == null) demand(false, `nothing was ${expected}`);
  else await checkService(found.repo, found.run.sha);
}

for (const complaint of complaints) process.stderr.write(`fail  ${complaint}\n`);
if (complaints.length === 0)
  process.stdout.write(`pass  seed ${facts.seed}: one shipped, one mended and shipped, one frozen after its attempt\n`);
process.exit(complaints.length === 0 ? 0 : 1);
