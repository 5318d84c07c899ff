import { fork, execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has } from '../test/setup/needs.ts';
import type { Change } from './change.ts';
import { git } from './git.ts';
import { createPlayground, designPlayground, type Playground } from './playground.ts';

const SEED = 9;
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** One playground through its whole life: the tests follow each other. */
describe.skipIf(!has('bwrap'))('the live service of the playground', () => {
  let dir: string;
  let playground: Playground;
  let host: ChildProcess;
  const shas: Record<string, string> = {};

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'playground-live-'));
    playground = await createPlayground({ dir: join(dir, 'playground'), seed: SEED });
    host = await startHost();
  });
  afterAll(async () => {
    await end(host);
    await rm(dir, { recursive: true, force: true });
  });

  async function startHost(): Promise<ChildProcess> {
    const child = fork(script('host.ts'), [...playground.hostArgs], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await once(child, 'message');
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  async function ask(path: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${playground.port}${path}`, { headers: { connection: 'close' } });
    return response.json();
  }

  /** Test and change in two commits, as the scripted model makes them; pushed. */
  async function push(change: Change, run: string): Promise<string> {
    const work = join(dir, `work-${change.issue}`);
    await git(dir, ['clone', '-q', playground.remote, work]);
    const trailer = `Refs #${change.issue}\n\nLamplighter-Run: ${run}`;
    for (const file of [change.test, ...change.added]) {
      await mkdir(dirname(join(work, file.path)), { recursive: true });
      await writeFile(join(work, file.path), file.text);
    }
    await git(work, ['add', change.test.path]);
    await git(work, ['commit', '-q', '-m', `Test\n\n${trailer}`]);
    for (const edit of change.edits) {
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

  function deploy(sha: string, source: string): Promise<{ readonly code: number; readonly output: string }> {
    const env = { PATH: '/usr/bin:/bin', LAMPLIGHTER_SHA: sha, LAMPLIGHTER_SOURCE: source };
    return new Promise((resolve) => {
      execFile(process.execPath, [script('deploy.ts'), playground.live], { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
      );
    });
  }

  it('serves the base from the start, bug included', async () => {
    expect(await ask('/healthz')).toEqual({ status: 'ok', version: playground.base });
    expect(await ask(playground.behaviour.path)).toEqual(playground.behaviour.before);
  });

  it('serves issue 1 once its sha is deployed, also when that is done twice', async () => {
    const [change] = designPlayground(SEED).changes;
    if (change === undefined) throw new Error('there is no issue 1');
    shas.shipped = await push(change, 'run-1');

    expect(await deploy(shas.shipped, join(dir, 'work-1'))).toMatchObject({ code: 0 });
    expect(await deploy(shas.shipped, join(dir, 'work-1'))).toMatchObject({ code: 0 });

    expect(await ask('/healthz')).toEqual({ status: 'ok', version: shas.shipped });
    expect(await ask(playground.behaviour.path)).toEqual(playground.behaviour.after);
  });

  it('says why issue 2 can not start, and goes on serving what served', async () => {
    const change = designPlayground(SEED).changes[1];
    if (change === undefined) throw new Error('there is no issue 2');
    shas.frozen = await push(change, 'run-2');

    const { code, output } = await deploy(shas.frozen, join(dir, 'work-2'));

    expect(code).toBe(1);
    expect(output).toMatch(/^failed: .* ended at start: .*Error/);
    expect(await ask('/healthz')).toEqual({ status: 'ok', version: shas.shipped });
  });

  it('serves the same after the host was killed and started again', async () => {
    const gone = once(host, 'exit');
    host.kill('SIGKILL');
    await gone;
    await expect
      .poll(() =>
        ask('/healthz').then(
          () => 'serves',
          () => 'gone',
        ),
      )
      .toBe('gone');
    host = await startHost();

    expect(await ask('/healthz')).toEqual({ status: 'ok', version: shas.shipped });
  });

  it('passes the independent checker with a true document, and fails it with each lie', async () => {
    const evidence = (deployed: string): object[] =>
      ['guard', 'red', 'regression', 'green', 'push', 'build']
        .map((kind) => ({ kind, verdict: 'green', ref: 'r' }))
        .concat({ kind: 'deploy', verdict: deployed, ref: 'r' });
    const common = { repo: playground.repo, fixForwards: 0, stages: [], turns: 6, usd: 0.1 };
    const shipped = {
      ...common,
      issue: 1,
      outcome: 'shipped',
      froze: false,
      sha: shas.shipped,
      evidence: evidence('green'),
    };
    const frozen = {
      ...common,
      issue: 2,
      outcome: 'abandoned',
      froze: true,
      sha: shas.frozen,
      evidence: evidence('red'),
    };

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

    expect(await check([shipped, frozen])).toMatchObject({ code: 0, output: expect.stringContaining('pass') });
    const lies: readonly (readonly [runs: readonly object[], words: string])[] = [
      [[shipped], 'issue 2: the document has 0 runs'],
      [[{ ...shipped, outcome: 'abandoned' }, frozen], 'issue 1: ended abandoned'],
      [[shipped, { ...frozen, froze: false }], 'issue 2: froze is false'],
      [[{ ...shipped, sha: playground.base }, frozen], 'is none of its commits'],
      [[{ ...shipped, sha: 'f'.repeat(40) }, frozen], 'is not on main'],
      [[{ ...shipped, evidence: [] }, frozen], 'the evidence red is missing'],
      [[shipped, { ...frozen, evidence: evidence('green') }], 'the evidence deploy is green, not red'],
    ];
    for (const [runs, words] of lies) {
      expect(await check(runs)).toMatchObject({ code: 1, output: expect.stringContaining(words) });
    }
    await end(host);
    expect(await check([shipped, frozen])).toMatchObject({ code: 1, output: expect.stringContaining('ECONNREFUSED') });
  });
});
