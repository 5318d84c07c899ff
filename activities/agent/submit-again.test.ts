/** A submit whose worker was lost is tried again, and may overlap with the attempt that was given up: it hands over all the same. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runLayout } from '../git/layout.ts';
import { createRepoGit } from '../git/repo-git.ts';
import { createBwrapSandbox } from '../sandbox/bwrap.ts';
import type { CommandResult, Sandbox, SandboxCommand } from '../sandbox/port.ts';
import { openSessionRig, RUN, type SessionRig, type SessionParts } from './session-rig.ts';

let rig: SessionRig;
afterEach(async () => {
  await rig.close();
});

/** Stands before each command that writes a bundle; `path` is where. */
type AroundBundle = (path: string, run: () => Promise<CommandResult>) => Promise<CommandResult>;

/** A session that has committed and is about to submit: answers with one attempt at that. */
async function openAtSubmit(around: AroundBundle): Promise<() => ReturnType<SessionRig['tool']>> {
  const commit = `git add new.txt && git commit -qm New`;
  const steps = `  - { calls: [{ bash: 'echo new > new.txt && ${commit}' }] }\n  - { calls: [{ submit: [] }] }\n`;
  let isArmed = false;
  rig = await openSessionRig(`name: one\nmatch: Greet people\nsteps:\n${steps}`, async (dir) => {
    const parts = await repoAdapters(dir);
    return { ...parts, sandbox: watched(parts.sandbox, (path, run) => (isArmed ? around(path, run) : run())) };
  });
  await rig.open();
  await call(await rig.turn())();
  const submit = call(await rig.turn());
  isArmed = true;
  return submit;
}

function watched(sandbox: Pick<Sandbox, 'run'>, around: AroundBundle): Pick<Sandbox, 'run'> {
  return {
    run(command: SandboxCommand) {
      const path = command.argv.find((one) => one.endsWith('.bundle'));
      return path === undefined ? sandbox.run(command) : around(path, () => sandbox.run(command));
    },
  };
}

function call(step: Awaited<ReturnType<SessionRig['turn']>>): () => ReturnType<SessionRig['tool']> {
  const [only] = step.kind === 'tools' ? step.calls : [];
  if (step.kind !== 'tools' || only === undefined) throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  return () => rig.tool(step.turn, only.id);
}

async function repoAdapters(dir: string): Promise<SessionParts> {
  const source = join(dir, 'source');
  await mkdir(source);
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...args], { cwd: source });
  };
  await writeFile(join(source, 'one.txt'), 'one\n');
  git('init', '-q', '-b', 'main');
  git('add', 'one.txt');
  git('commit', '-qm', 'First');
  const repo = createRepoGit({
    repo: { key: 'shop-1', name: 'acme/shop', remote: source, branch: 'main', pushEnv: {} },
    dataDir: join(dir, 'data'),
    now: Date.now,
  });
  const base = await repo.refresh();
  return { base, git: repo, sandbox: createBwrapSandbox({ proxySocketDir: join(dir, 'proxy') }) };
}

const SUBMITTED = { kind: 'ended', end: { kind: 'submitted' } };

test('the lock that a killed git leaves beside the bundle stops no later submit', async () => {
  let deaths = 0;
  const submit = await openAtSubmit(async (path, run) => {
    if (deaths > 0) return run();
    deaths += 1;
    await writeFile(`${path}.lock`, 'half a bundle');
    throw new Error('the worker was killed');
  });

  await expect(submit()).rejects.toThrow('the worker was killed');

  expect(await submit()).toMatchObject(SUBMITTED);
  expect(await rig.turn()).toMatchObject(SUBMITTED);
});

test('an attempt that was given up as dead and one that overlaps with it both hand over', async () => {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let bundles = 0;
  const submit = await openAtSubmit(async (path, run) => {
    bundles += 1;
    if (bundles === 1) {
      const bundled = await run();
      first.resolve();
      await second.promise;
      return bundled;
    }
    // As any command that writes it does: what stands there goes first.
    await rm(path, { force: true });
    second.resolve();
    await given;
    return run();
  });

  const given = submit();
  await first.promise;
  const again = submit();

  expect(await given).toMatchObject(SUBMITTED);
  expect(await again).toMatchObject(SUBMITTED);
  expect((await rig.transcript()).results).toMatchObject([{ isError: false }, { isError: false }]);
});

test('nothing of what was handed over stays in the outbox', async () => {
  const submit = await openAtSubmit((_path, run) => run());

  await submit();

  expect(await readdir(runLayout(join(rig.model.dir, 'data'), RUN).outbox)).toEqual([]);
});
