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

interface Message {
  role: string;
  content: unknown;
}

/** Does in a real clone whatever the scripted model asks for, until it submits or gives up; goes on with the same messages. */
async function converse(url: string, work: string, messages: Message[]): Promise<Block> {
  for (;;) {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted', max_tokens: 1000, tools: TOOLS, messages }),
    });
    const { content } = (await response.json()) as { readonly content: readonly Block[] };
    messages.push({ role: 'assistant', content });
    const results: object[] = [];
    for (const block of content.filter(({ type }) => type === 'tool_use')) {
      if (block.name === 'submit' || block.name === 'give_up') return block;
      const input = block.input ?? {};
      const said = block.name === 'bash' ? await bash(work, input['command'] ?? '') : await edit(work, input);
      results.push({ type: 'tool_result', tool_use_id: block.id, content: said });
    }
    expect(results, 'a turn without a call').not.toHaveLength(0);
    messages.push({ role: 'user', content: results });
  }
}

describe.each([1, 2, 3])('the scripted model in the playground of seed %i', (seed) => {
  it('works test-first on every issue, mends what the log of a red deploy names, and its commits carry issue and run', async () => {
    const playground = await createPlayground({ dir: join(dir, `seed-${seed}`), seed });
    const model = await startScriptedModel({
      scenarioDir: join(playground.dir, 'scenarios'),
      port: 0,
      logFile: join(dir, `requests-${seed}.jsonl`),
    });
    try {
      for (const [index, { changes }] of designPlayground(seed).entries()) {
        const work = join(dir, `work-${seed}-${index}`);
        await git(dir, ['clone', '-q', playground.repos[index]?.remote ?? '', work]);
        for (const { issue, title, test, subject, mending } of changes) {
          const messages = [{ role: 'user', content: `${title}\n\nLamplighter-Run: shop-${issue}-ab12` }];
          const before = await git(work, ['rev-parse', 'HEAD']);
          const log = (format: string): Promise<string> =>
            git(work, ['log', '--reverse', `--format=${format}`, `${before}..HEAD`]);

          const last = await converse(model.url, work, messages);

          expect(last.name, JSON.stringify(last.input)).toBe('submit');
          expect(messages).toHaveLength(8);
          expect(await log('%s')).toBe(`Test: ${subject}\n${subject}`);
          expect(await git(work, ['show', '--name-only', '--format=', 'HEAD~1'])).toBe(test.path);
          expect(await git(work, ['status', '--porcelain'])).toBe('');
          if (mending !== null) {
            messages.push({ role: 'user', content: `the stage deploy is red:\nfailed: ${mending.cause}` });
            expect((await converse(model.url, work, messages)).name).toBe('submit');
            expect(await log('%s')).toBe(`Test: ${subject}\n${subject}\n${mending.subject}`);
            expect(await git(work, ['status', '--porcelain'])).toBe('');
          }
          const trailers = (await log('%(trailers:key=Lamplighter-Run,valueonly,separator=)')).split('\n');
          expect(new Set(trailers)).toEqual(new Set([`shop-${issue}-ab12`]));
        }
      }
    } finally {
      await model.close();
    }
  });

  it('gives up on a red deploy whose log does not name the cause', async () => {
    const playground = await createPlayground({ dir: join(dir, `seed-${seed}`), seed });
    const model = await startScriptedModel({
      scenarioDir: join(playground.dir, 'scenarios'),
      port: 0,
      logFile: join(dir, `requests-${seed}.jsonl`),
    });
    const [change] = designPlayground(seed)[1].changes;
    const turn = { role: 'assistant', content: [{ type: 'text', text: 'a turn' }] };
    const said = { role: 'user', content: 'go on' };
    const messages = [
      { role: 'user', content: `${change?.title}\n\nLamplighter-Run: shop-3-ab12` },
      ...[1, 2, 3].flatMap(() => [turn, said]),
      turn,
      { role: 'user', content: 'the stage deploy is red:\nfailed: something else' },
    ];
    try {
      expect(await converse(model.url, dir, messages)).toMatchObject({ name: 'give_up' });
    } finally {
      await model.close();
    }
  });
});
