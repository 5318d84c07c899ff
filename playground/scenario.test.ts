import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startScriptedModel } from '../activities/agent/scripted/server.ts';
import { git } from './git.ts';
import { createPlayground, designPlayground } from './playground.ts';

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  readonly text?: string;
  readonly input?: Readonly<Record<string, string>>;
}

const TOOLS = ['bash', 'str_replace_based_edit_tool', 'submit', 'give_up', 'note'].map((name) => ({ name }));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'playground-scenario-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

function bash(cwd: string, command: string): Promise<string> {
  const who = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.invalid',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.invalid',
  };
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null', ...who };
  return new Promise((resolve) => {
    execFile('/bin/bash', ['-c', command], { cwd, env }, (error, stdout, stderr) =>
      resolve(`${stdout}${stderr}${error === null ? '' : `\nexit code ${error.code}`}`),
    );
  });
}

async function edit(cwd: string, input: Readonly<Record<string, string>>): Promise<string> {
  const path = join(cwd, input['path'] ?? '');
  if (input['command'] === 'create') {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, input['file_text'] ?? '');
    return 'created';
  }
  const text = await readFile(path, 'utf8');
  expect(text.split(input['old_str'] ?? '')).toHaveLength(2);
  await writeFile(
    path,
    text.replace(input['old_str'] ?? '', () => input['new_str'] ?? ''),
  );
  return 'replaced';
}

/** Does in a real clone whatever the scripted model asks for, until it submits or gives up. */
async function converse(
  url: string,
  work: string,
  first: string,
): Promise<{ readonly turns: number; readonly last: Block }> {
  const messages: { role: string; content: unknown }[] = [{ role: 'user', content: first }];
  for (let turns = 1; ; turns += 1) {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted', max_tokens: 1000, tools: TOOLS, messages }),
    });
    const { content } = (await response.json()) as { readonly content: readonly Block[] };
    messages.push({ role: 'assistant', content });
    const results: object[] = [];
    for (const block of content.filter(({ type }) => type === 'tool_use')) {
      if (block.name === 'submit' || block.name === 'give_up') return { turns, last: block };
      const input = block.input ?? {};
      const said = block.name === 'bash' ? await bash(work, input['command'] ?? '') : await edit(work, input);
      results.push({ type: 'tool_result', tool_use_id: block.id, content: said });
    }
    expect(results, 'a turn without a call').not.toHaveLength(0);
    messages.push({ role: 'user', content: results });
  }
}

describe.each([1, 2, 3])('the scripted model in the playground of seed %i', (seed) => {
  it('works test-first on both issues, one after the other, and its commits carry issue and run', async () => {
    const playground = await createPlayground({ dir: join(dir, `seed-${seed}`), seed });
    const model = await startScriptedModel({
      scenarioDir: join(playground.dir, 'scenarios'),
      port: 0,
      logFile: join(dir, `requests-${seed}.jsonl`),
    });
    const work = join(dir, `work-${seed}`);
    await git(dir, ['clone', '-q', playground.remote, work]);
    try {
      for (const { issue, title, test, subject } of designPlayground(seed).changes) {
        const before = await git(work, ['rev-parse', 'HEAD']);

        const { turns, last } = await converse(
          model.url,
          work,
          `${title}\n\nEach commit ends with\nLamplighter-Run: shop-${issue}-ab12`,
        );

        expect(last.name, JSON.stringify(last.input)).toBe('submit');
        expect(turns).toBe(6);
        expect(await git(work, ['log', '--reverse', '--format=%s', `${before}..HEAD`])).toBe(
          `Test: ${subject}\n${subject}`,
        );
        const trailers = await git(work, [
          'log',
          '--format=%(trailers:key=Lamplighter-Run,valueonly,separator=)',
          `${before}..HEAD`,
        ]);
        expect(trailers).toBe(`shop-${issue}-ab12\nshop-${issue}-ab12`);
        expect(await git(work, ['show', '--name-only', '--format=', 'HEAD~1'])).toBe(test.path);
        expect(await git(work, ['status', '--porcelain'])).toBe('');
      }
    } finally {
      await model.close();
    }
  });
});
