/** The tools in a real sandbox on a real worktree, and what they hand over. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Contract } from '../../domain/contract.ts';
import { has } from '../../test/setup/needs.ts';
import { runLayout } from '../git/layout.ts';
import { createRepoGit } from '../git/repo-git.ts';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import type { TurnStep } from '../../workflows/ports.ts';
import { openSessionRig, RUN, SESSION, type SessionRig, type SessionParts } from './session-rig.ts';
import { runSubject } from '../../domain/unit.ts';

let rig: SessionRig;
let base = '';
afterEach(async () => {
  await rig.close();
});

async function repoAdapters(dir: string): Promise<SessionParts> {
  const remote = join(dir, 'remote.git');
  const source = join(dir, 'source');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args], {
      cwd: source,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  await mkdir(join(source, 'src'), { recursive: true });
  await writeFile(join(source, 'src', 'greet.txt'), 'one\ntwo\nthree\n');
  git('init', '-q', '-b', 'main');
  git('add', 'src/greet.txt');
  git('commit', '-qm', 'First');
  execFileSync('git', ['clone', '-q', '--bare', source, remote], { stdio: 'pipe' });
  const repo = createRepoGit({
    repo: { key: 'shop-1', name: 'acme/shop', remote, branch: 'main', pushEnv: {} },
    dataDir: join(dir, 'data'),
    now: Date.now,
  });
  base = await repo.refresh();
  return { base, git: repo, sandbox: createBwrapSandbox({ proxySocketDir: join(dir, 'proxy') }) };
}

/** One step a call. */
async function open(...calls: string[]): Promise<void> {
  await openUnder({}, ...calls);
}

async function openUnder(contract: Partial<Contract>, ...calls: string[]): Promise<void> {
  const steps = calls.map((call) => `  - { calls: [${call}] }\n`).join('');
  const parts = async (dir: string): Promise<SessionParts> => ({ ...(await repoAdapters(dir)), contract });
  rig = await openSessionRig(`name: one\nmatch: Greet people\nsteps:\n${steps}`, parts);
  await rig.open();
}

interface Ran {
  readonly outcome: Awaited<ReturnType<SessionRig['tool']>>;
  readonly content: string;
  readonly isError: boolean;
}

/** The next turn and its one call. */
async function next(): Promise<Ran> {
  const { turn, id } = onlyCall(await rig.turn());
  const outcome = await rig.tool(turn, id);
  const result = (await rig.transcript()).results.find((one) => one.toolUseId === id);
  if (result === undefined) throw new Error(`the call ${id} has no result`);
  return { outcome, content: result.content, isError: result.isError };
}

function onlyCall(step: TurnStep): { turn: number; id: string } {
  const call = step.kind === 'tools' ? step.calls[0] : undefined;
  if (step.kind !== 'tools' || call === undefined) throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  return { turn: step.turn, id: call.id };
}

function inWork(path: string): string {
  return join(runLayout(join(rig.model.dir, 'data'), RUN).work, path);
}

const COMMIT = `{ bash: "git add new.txt && git commit -qm 'New'" }`;

describe('activities/agent/tools', () => {
  test.skipIf(!has('postgres'))("bash has the contract's services beside it, fresh for each command", async () => {
    const postgres = { kind: 'postgres', version: null, port: 5432, env: 'DATABASE_URL', database: 'app' } as const;
    const made = `{ bash: 'psql "$DATABASE_URL" -qc "CREATE TABLE a (b int)"; psql "$DATABASE_URL" -qAtc "TABLE a"' }`;
    const lost = `{ bash: 'psql "$DATABASE_URL" -qAtc "TABLE a"' }`;
    await openUnder({ services: [postgres] }, made, lost);

    expect(await next()).toMatchObject({ content: '[exit code 0]', isError: false });
    const second = await next();
    expect(second.isError).toBe(true);
    expect(second.content).toMatch(/^\[stderr\]\nERROR: {2}relation "a" does not exist/);
    expect(second.content).toContain('--- the service postgres on port 5432 logged');
  });

  test('bash shows output, errors and the exit code', async () => {
    await open(`{ bash: 'cat src/greet.txt; echo oops >&2; exit 3' }`, `{ bash: pwd }`);

    expect(await next()).toMatchObject({ content: 'one\ntwo\nthree\n[stderr]\noops\n[exit code 3]', isError: true });
    expect(await next()).toMatchObject({
      content: `${inWork('.').replace(/\/\.?$/, '')}\n[exit code 0]`,
      isError: false,
    });
  });

  test('a command that wants Docker is told that there is none, and what there is', async () => {
    await open('{ bash: docker ps }', '{ bash: echo docker run postgres }');

    expect((await next()).content).toMatch(/\[exit code \d+\]\n\[this wants Docker, .*`services`/);
    expect(await next()).toMatchObject({ content: 'docker run postgres\n[exit code 0]' });
  });

  test('a command longer than the kernel takes is refused with what to do, and one of just that length runs', async () => {
    const script = (bytes: number): string => `echo ran; #${'x'.repeat(bytes - 'echo ran; #'.length)}`;
    await open(`{ bash: '${script(128 * 1024)}' }`, `{ bash: '${script(128 * 1024 - 1)}' }`);

    expect(await next()).toMatchObject({
      isError: true,
      content: expect.stringContaining('with the editor') as string,
    });
    expect(await next()).toMatchObject({ isError: false, content: 'ran\n[exit code 0]' });
  });

  test('a command that hangs is ended with its children and says so', async () => {
    await open(`{ bash: { command: 'sleep 600 & sleep 600', timeout_seconds: 0.5 } }`);

    expect(await next()).toMatchObject({
      isError: true,
      content: expect.stringContaining('the time ran out') as string,
    });
  });

  test('long output is cut for the model and whole in evidence', async () => {
    await open(`{ bash: seq 1 20000 }`);

    const { content } = await next();

    expect(content.length).toBeLessThan(31_000);
    expect(content).toContain('characters left out');
    const [evidence] = (await rig.store.evidence.list(runSubject(RUN))).filter((one) => one.kind === 'tool-output');
    const body = Buffer.from((await rig.store.evidence.body(evidence?.id ?? '')) ?? []).toString();
    expect(body).toContain('\n10000\n');
  });

  test('the editor views, creates, replaces and inserts', async () => {
    await open(
      `{ editor: { command: create, path: test/a/b.txt, file_text: "hello\\n" } }`,
      `{ editor: { command: str_replace, path: src/greet.txt, old_str: two, new_str: 2 } }`.replace('2 }', '"2" }'),
      `{ editor: { command: insert, path: src/greet.txt, insert_line: 3, insert_text: four } }`,
      `{ editor: { command: view, path: src/greet.txt, view_range: [2, -1] } }`,
      `{ editor: { command: view, path: . } }`,
    );

    for (let edit = 0; edit < 3; edit += 1) expect(await next()).toMatchObject({ isError: false });

    expect(await readFile(inWork('test/a/b.txt'), 'utf8')).toBe('hello\n');
    expect(await readFile(inWork('src/greet.txt'), 'utf8')).toBe('one\n2\nthree\nfour\n');
    expect((await next()).content).toBe('     2\t2\n     3\tthree\n     4\tfour\n     5\t');
    expect((await next()).content).toBe('src/\nsrc/greet.txt\ntest/\ntest/a/');
  });

  test('the editor refuses what leads out, what is not there and what is not said clearly, each with what to do', async () => {
    const refused: readonly (readonly [string, string])[] = [
      ['{ command: view, path: ../../outside.txt }', 'leads out of the work folder'],
      ['{ command: view, path: /etc/passwd }', 'leads out of the work folder'],
      ['{ command: create, path: link/owned.txt, file_text: x }', 'leads out of the work folder'],
      ['{ command: create, path: dangling, file_text: x }', 'is a link that leads nowhere'],
      ['{ command: create, path: .git/config, file_text: x }', "is git's own"],
      ['{ command: view, path: missing.txt }', 'is not there'],
      ['{ command: str_replace, path: src/greet.txt, old_str: nowhere }', 'does not stand in src/greet.txt'],
      ['{ command: str_replace, path: src/greet.txt, old_str: o }', 'stands 2 times'],
      ['{ command: insert, path: src/greet.txt, insert_line: 9, insert_text: x }', 'has 3 lines'],
      ['{ command: view, path: src/greet.txt, view_range: [7, 9] }', 'has 4 lines'],
    ];
    await open(
      `{ bash: 'ln -s /tmp link && ln -s /nowhere/file dangling' }`,
      ...refused.map(([input]) => `{ editor: ${input} }`),
    );
    await next();

    for (const [, why] of refused)
      expect(await next()).toMatchObject({ isError: true, content: expect.stringContaining(why) as string });
  });

  test('a link that was put there from outside is not followed out of the work folder either', async () => {
    await open(`{ bash: 'true' }`, `{ editor: { command: create, path: way/out.txt, file_text: x } }`);
    await next();
    const outside = join(rig.model.dir, 'outside');
    await mkdir(outside);
    await symlink(outside, inWork('way'));

    expect(await next()).toMatchObject({ isError: true });
    await expect(readFile(join(outside, 'out.txt'))).rejects.toThrow('ENOENT');
  });

  test('submit wants everything committed and something beyond the base, then hands over exactly that', async () => {
    await open(
      `{ submit: [] }`,
      `{ bash: echo new > new.txt }`,
      `{ submit: [] }`,
      COMMIT,
      `{ submit: [{ id: t, reason: asked for }] }`,
    );

    expect(await next()).toMatchObject({
      isError: true,
      content: expect.stringContaining('no commit beyond the base') as string,
    });
    await next();
    expect(await next()).toMatchObject({ isError: true, content: expect.stringContaining('?? new.txt') as string });
    expect(await next()).toMatchObject({ isError: false });
    const submitted = await next();

    expect(submitted).toMatchObject({ isError: false, outcome: { kind: 'ended', end: { kind: 'submitted' } } });
    const head = submitted.content.replace('submitted ', '');
    expect(await rig.store.control.fact(`submit/${RUN}`)).toEqual({
      head,
      changedTests: [{ id: 't', reason: 'asked for' }],
    });
    const clean = join(rig.model.dir, 'data', 'repos', 'shop-1', 'clean.git');
    expect(execFileSync('git', ['-C', clean, 'log', '--format=%s', head], { encoding: 'utf8' })).toBe('New\nFirst\n');
    expect(await rig.turn()).toMatchObject({ kind: 'ended', end: { kind: 'submitted', head } });
  });

  test('committed work is in evidence after the command that committed it, once a head (invariants 6 and 11)', async () => {
    await open(`{ bash: echo new > new.txt }`, COMMIT, `{ bash: 'true' }`);
    for (let call = 0; call < 3; call += 1) await next();

    const bundles = (await rig.store.evidence.list(runSubject(RUN))).filter((one) => one.kind === 'bundle');

    expect(bundles).toHaveLength(1);
    const file = join(rig.model.dir, 'one.bundle');
    await writeFile(file, (await rig.store.evidence.body(bundles[0]?.id ?? '')) ?? '');
    const remote = join(rig.model.dir, 'remote.git');
    expect(execFileSync('git', ['-C', remote, 'bundle', 'list-heads', file], { encoding: 'utf8' })).toContain(
      bundles[0]?.sha,
    );
  });

  test('an unsafe call whose worker died is never run again: it gets "interrupted" (invariant 6)', async () => {
    await open(`{ bash: echo again >> log.txt }`);
    const { turn, id } = onlyCall(await rig.turn());
    // The mark that a worker leaves before it acts, and no result after it.
    await rig.store.control.setFact(`begun/${SESSION}/${turn}/${id}`, true, 1);

    expect(await rig.tool(turn, id)).toEqual({ kind: 'done' });

    expect((await rig.transcript()).results).toMatchObject([
      { isError: true, content: expect.stringContaining('may have run in part') as string },
    ]);
    await expect(readFile(inWork('log.txt'))).rejects.toThrow('ENOENT');
  });

  test('"interrupted" is said only when nothing of the lost call is left running', async () => {
    await open(`{ bash: 'touch started; until test -e goOn; do sleep 0.05; done; echo ended > order.txt' }`);
    const { turn, id } = onlyCall(await rig.turn());
    const running = rig.tool(turn, id);
    await expect
      .poll(
        () =>
          readFile(inWork('started')).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);

    const said = rig.interrupted(turn, id).then(() => readFile(inWork('order.txt'), 'utf8'));
    await writeFile(inWork('goOn'), '');

    expect(await said).toBe('ended\n');
    await running;
  });

  test('a lock that the git of a lost command left in the work folder is gone when "interrupted" is said', async () => {
    await open(
      `{ bash: 'echo new > new.txt; touch "$(git rev-parse --git-dir)/index.lock" "$(git rev-parse --git-dir)/HEAD.lock"' }`,
      COMMIT,
    );
    const { turn, id } = onlyCall(await rig.turn());
    await rig.tool(turn, id);

    await rig.interrupted(turn, id);

    expect(await next()).toMatchObject({ isError: false });
  });

  test('a stop by a person ends the command within two seconds, with a result that says so', async () => {
    await open(`{ bash: 'touch started; sleep 600' }`);
    const { turn, id } = onlyCall(await rig.turn());
    const running = rig.tool(turn, id);
    await expect
      .poll(
        () =>
          readFile(inWork('started')).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);

    const at = Date.now();
    rig.stop(true);
    await running;

    expect(Date.now() - at).toBeLessThan(2_000);
    expect((await rig.transcript()).results).toMatchObject([
      { isError: true, content: expect.stringContaining('stopped by a person') as string },
    ]);
  });
});
