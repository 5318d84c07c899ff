import { fork, execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../test/setup/needs.ts';
import type { Change, Mending, Step } from './change.ts';
import { git } from './git.ts';
import { createPlayground, designPlayground, type Playground, type PlaygroundRepo } from './playground.ts';

const SEED = 9;
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Both services of one playground through their whole life: the tests follow each other. */
describe.skipIf(!has('bwrap'))('the live services of the playground', () => {
  let dir: string;
  let playground: Playground;
  let first: PlaygroundRepo;
  let second: PlaygroundRepo;
  let host: ChildProcess;
  let otherHost: ChildProcess;
  const shas: Record<string, string> = {};
  const changes = designPlayground(SEED).flatMap((design) => design.changes);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'playground-live-'));
    playground = await createPlayground({ dir: join(dir, 'playground'), seed: SEED });
    [first, second] = playground.repos;
    host = await startHost(first);
    otherHost = await startHost(second);
  });
  afterAll(async () => {
    await end(host);
    await end(otherHost);
    await rm(dir, { recursive: true, force: true });
  });

  async function startHost({ live, port }: PlaygroundRepo): Promise<ChildProcess> {
    const child = fork(script('host.ts'), [live, String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(child, 'message');
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  async function ask({ port }: PlaygroundRepo, path: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
    return response.json();
  }

  /** Test and change in two commits, or a mending in a further one, as the scripted model makes them; pushed. */
  async function push(repo: PlaygroundRepo, issue: number, step: Step): Promise<string> {
    const work = join(dir, `work-${issue}`);
    if (!existsSync(work)) await git(dir, ['clone', '-q', repo.remote, work]);
    const trailer = `Refs #${issue}\n\nLamplighter-Run: run-${issue}`;
    for (const file of [step.test, ...step.added]) {
      await mkdir(dirname(join(work, file.path)), { recursive: true });
      await writeFile(join(work, file.path), file.text);
    }
    await git(work, ['add', step.test.path]);
    await git(work, ['commit', '-q', '-m', `Test\n\n${trailer}`]);
    for (const edit of step.edits) {
      const text = await readFile(join(work, edit.path), 'utf8');
      await writeFile(
        join(work, edit.path),
        text.replace(edit.old, () => edit.new),
      );
    }
    await git(work, ['add', '-A']);
    await git(work, ['commit', '-q', '-m', `Change\n\n${trailer}`]);
    await git(work, ['push', '-q', 'origin', 'HEAD:main']);
    return git(work, ['rev-parse', 'HEAD']);
  }

  /** As the tracker leaves it. */
  async function writeIssue({ issues }: PlaygroundRepo, issue: number, state: string, labels: string): Promise<void> {
    const name = (await readdir(issues)).find((one) => one.startsWith(String(issue).padStart(4, '0'))) ?? '';
    const text = await readFile(join(issues, name), 'utf8');
    const after = text.replace(/^state: .*?^events:/ms, `state: ${state}\nlabels: ${labels}\nevents:`);
    await writeFile(join(issues, name), after);
  }

  function changeOf(issue: number): { readonly change: Change; readonly mending: Mending } {
    const change = changes.find((one) => one.issue === issue);
    if (change === undefined) throw new Error(`there is no issue ${issue}`);
    return { change, mending: change.mending ?? { ...change, cause: '', say: '' } };
  }

  function deploy(
    { live }: PlaygroundRepo,
    issue: number,
    sha: string,
  ): Promise<{ readonly code: number; readonly output: string }> {
    const env = { PATH: '/usr/bin:/bin', LAMPLIGHTER_SHA: sha, LAMPLIGHTER_SOURCE: join(dir, `work-${issue}`) };
    return new Promise((resolve) => {
      execFile(process.execPath, [script('deploy.ts'), live], { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
      );
    });
  }

  it('serve their bases from the start, bug included', async () => {
    for (const repo of [first, second]) {
      expect(await ask(repo, '/healthz')).toEqual({ status: 'ok', version: repo.base });
      expect(await ask(repo, repo.behaviour.path)).toEqual(repo.behaviour.before);
    }
  });

  it('serve issue 1 once its sha is deployed, also when that is done twice', async () => {
    shas.shipped = await push(first, 1, changeOf(1).change);

    expect(await deploy(first, 1, shas.shipped)).toMatchObject({ code: 0 });
    expect(await deploy(first, 1, shas.shipped)).toMatchObject({ code: 0 });

    expect(await ask(first, '/healthz')).toEqual({ status: 'ok', version: shas.shipped });
    expect(await ask(first, first.behaviour.path)).toEqual(first.behaviour.after);
  });

  it('say why issue 2 can not start, mended or not, and go on serving what served', async () => {
    const { change, mending } = changeOf(2);
    const red = await push(first, 2, change);
    const before = await deploy(first, 2, red);
    shas.red = red;
    shas.frozen = await push(first, 2, mending);
    const after = await deploy(first, 2, shas.frozen);

    expect(before).toMatchObject({ code: 1, output: expect.stringMatching(/^failed: .* ended at start: .*Error/) });
    expect(before.output).toContain(mending.cause);
    expect(after).toMatchObject({ code: 1, output: expect.stringContaining('neither') });
    expect(await ask(first, '/healthz')).toEqual({ status: 'ok', version: shas.shipped });
  });

  it('say why issue 3 can not start, and serve it once it is mended', async () => {
    const { change, mending } = changeOf(3);
    shas.broken = await push(second, 3, change);
    const red = await deploy(second, 3, shas.broken);
    const during = await ask(second, '/healthz');
    shas.mended = await push(second, 3, mending);

    expect(red).toMatchObject({ code: 1, output: expect.stringContaining(mending.cause) });
    expect(during).toEqual({ status: 'ok', version: second.base });
    expect(await deploy(second, 3, shas.mended)).toMatchObject({ code: 0 });
    expect(await ask(second, '/healthz')).toEqual({ status: 'ok', version: shas.mended });
    expect(await ask(second, second.behaviour.path)).toEqual(second.behaviour.after);
  });

  it('serve the same after a host was killed and started again', async () => {
    const gone = once(host, 'exit');
    host.kill('SIGKILL');
    await gone;
    await expect
      .poll(() =>
        ask(first, '/healthz').then(
          () => 'serves',
          () => 'gone',
        ),
      )
      .toBe('gone');
    host = await startHost(first);

    expect(await ask(first, '/healthz')).toEqual({ status: 'ok', version: shas.shipped });
  });

  it('pass the independent checker with a true document, and fail it with each lie', async () => {
    const gates = ['guard', 'red', 'regression', 'green', 'push', 'build'];
    const of = (sha: string | undefined, deployed: string): object[] =>
      gates
        .map((kind) => ({ kind, verdict: 'green', sha, ref: 'r' }))
        .concat({ kind: 'deploy', verdict: deployed, sha, ref: 'r' });
    const common = { repo: first.name, fixForwards: 0, stages: [], turns: 6, usd: 0.1, froze: false };
    const shipped = {
      ...common,
      issue: 1,
      outcome: 'shipped',
      sha: shas.shipped,
      evidence: of(shas.shipped, 'green'),
    };
    const frozen = {
      ...common,
      issue: 2,
      outcome: 'abandoned',
      froze: true,
      fixForwards: 1,
      sha: shas.frozen,
      evidence: [...of(shas.red, 'red'), ...of(shas.frozen, 'red')],
    };
    const mended = {
      ...common,
      repo: second.name,
      issue: 3,
      outcome: 'shipped',
      fixForwards: 1,
      sha: shas.mended,
      evidence: [...of(shas.broken, 'red'), ...of(shas.mended, 'green')],
    };

    await writeIssue(first, 1, 'closed', '[]');
    await writeIssue(first, 2, 'open', '[ ready-for-human ]');
    await writeIssue(second, 3, 'closed', '[]');

    async function check(runs: readonly object[]): Promise<{ readonly code: number; readonly output: string }> {
      const file = join(dir, 'document.json');
      await writeFile(file, JSON.stringify({ seconds: 1, runs }));
      return new Promise((resolve) => {
        execFile(
          process.execPath,
          [script('../test/checker/check-playground.mjs'), playground.dir, file],
          (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
        );
      });
    }

    expect(await check([shipped, frozen, mended])).toMatchObject({ code: 0, output: expect.stringContaining('pass') });
    const lies: readonly (readonly [runs: readonly object[], words: string])[] = [
      [[shipped, mended], 'issue 2: the document has 0 runs'],
      [[{ ...shipped, outcome: 'abandoned' }, frozen, mended], 'issue 1: ended abandoned'],
      [[{ ...shipped, repo: second.name }, frozen, mended], 'issue 1: the document has 0 runs'],
      [[shipped, { ...frozen, froze: false }, mended], 'issue 2: froze is false'],
      [[shipped, { ...frozen, fixForwards: 0 }, mended], 'issue 2: 0 fix-forward attempts'],
      [[{ ...shipped, sha: first.base }, frozen, mended], 'is none of its commits'],
      [[{ ...shipped, sha: 'f'.repeat(40) }, frozen, mended], 'is not on main'],
      [[{ ...shipped, evidence: [] }, frozen, mended], 'the evidence red is missing'],
      [
        [shipped, { ...frozen, evidence: of(shas.frozen, 'green') }, mended],
        'the evidence deploy of its last push is green, not red',
      ],
      [[shipped, frozen, { ...mended, evidence: of(shas.mended, 'green') }], 'issue 3: its deploys came to green'],
      [[shipped, frozen, { ...mended, sha: shas.broken }], 'issue 3: its sha is not its last commit on main'],
      [
        [shipped, frozen, { ...mended, evidence: [...of(first.base, 'red'), ...of(shas.mended, 'green')] }],
        'issue 3: its red deploy is of',
      ],
    ];
    for (const [runs, words] of lies) {
      expect(await check(runs)).toMatchObject({ code: 1, output: expect.stringContaining(words) });
    }
    await writeIssue(first, 2, 'open', '[ agent-in-progress ]');
    expect((await check([shipped, frozen, mended])).output).toMatch(
      /still labelled agent-in-progress[^]*not call a person/,
    );
    await writeIssue(second, 3, 'open', '[]');
    expect((await check([shipped, frozen, mended])).output).toContain('issue 3: its issue is open, not closed');
    await end(host);
    expect(await check([shipped, frozen, mended])).toMatchObject({
      code: 1,
      output: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
