import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startScriptedModel } from '../activities/model/scripted/server.ts';
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
  if (text.split(input['old_str'] ?? '').length !== 2) return 'the text does not stand there exactly once';
  await writeFile(
    path,
    text.replace(input['old_str'] ?? '', () => input['new_str'] ?? ''),
  );
  return 'replaced';
}

function perform(work: string, tool: string | undefined, input: Readonly<Record<string, string>>): Promise<string> {
  return tool === 'bash' ? bash(work, input['command'] ?? '') : edit(work, input);
}

/** A brief comes with the results of what the model asked for last. */
function briefed(messages: Message[], text: string): void {
  const last = messages.at(-1);
  if (last === undefined) throw new Error('nothing was said yet');
  (last.content as object[]).push({ type: 'text', text });
}

interface Message {
  role: string;
  content: unknown;
}

/** As a worker that is lost in the middle of a call leaves it. */
const LOST = 'Interrupted: the worker was lost while this ran, and it may have run in part.';

type Fate = 'runs' | 'lost-before' | 'lost-after';

/** Does in a real clone whatever the scripted model asks for, until it submits or gives up; goes on with the same messages. */
async function converse(
  url: string,
  work: string,
  messages: Message[],
  fateOf: (block: Block) => Fate = () => 'runs',
): Promise<Block> {
  for (;;) {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted', max_tokens: 1000, tools: TOOLS, messages }),
    });
    expect(response.status, response.ok ? '' : await response.clone().text()).toBe(200);
    const { content } = (await response.json()) as { readonly content: readonly Block[] };
    messages.push({ role: 'assistant', content });
    const results: object[] = [];
    for (const block of content.filter(({ type }) => type === 'tool_use')) {
      if (block.name === 'give_up') return block;
      if (block.name === 'submit') {
        const isClean = (await bash(work, 'git status --porcelain')) === '';
        const content = isClean ? `submitted ${await bash(work, 'git rev-parse HEAD')}` : 'not everything is committed';
        results.push({ type: 'tool_result', tool_use_id: block.id, content, is_error: !isClean });
        if (!isClean) continue;
        messages.push({ role: 'user', content: results });
        return block;
      }
      const input = block.input ?? {};
      const fate = fateOf(block);
      const said = fate === 'lost-before' ? '' : await perform(work, block.name, input);
      results.push({ type: 'tool_result', tool_use_id: block.id, content: fate === 'runs' ? said : LOST });
    }
    expect(results, 'a turn without a call').not.toHaveLength(0);
    messages.push({ role: 'user', content: results });
  }
}

/** Real commands, hundreds of them. */
const LONG = 600_000;

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
          const messages: Message[] = [{ role: 'user', content: `${title}\n\nLamplighter-Run: shop-${issue}-ab12` }];
          const before = await git(work, ['rev-parse', 'HEAD']);
          const log = (format: string): Promise<string> =>
            git(work, ['log', '--reverse', `--format=${format}`, `${before}..HEAD`]);

          const last = await converse(model.url, work, messages);

          expect(last.name, JSON.stringify(last.input)).toBe('submit');
          expect(messages).toHaveLength(9);
          expect(await log('%s')).toBe(`Test: ${subject}\n${subject}`);
          expect(await git(work, ['show', '--name-only', '--format=', 'HEAD~1'])).toBe(test.path);
          expect(await git(work, ['status', '--porcelain'])).toBe('');
          if (mending !== null) {
            briefed(messages, `the stage deploy is red:\nfailed: ${mending.cause}`);
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

  it.each(['lost-before', 'lost-after'] as const)(
    'looks again and comes to the same end when each of its calls is once %s',
    { timeout: LONG },
    async (fate) => {
      const playground = await createPlayground({ dir: join(dir, `seed-${seed}-${fate}`), seed });
      const model = await startScriptedModel({
        scenarioDir: join(playground.dir, 'scenarios'),
        port: 0,
        logFile: join(dir, `requests-${seed}.jsonl`),
      });
      const met = new Set<string>();
      const once = ({ input }: Block): Fate => {
        const call = JSON.stringify(input);
        if (met.has(call)) return 'runs';
        met.add(call);
        return fate;
      };
      try {
        for (const [index, { changes }] of designPlayground(seed).entries()) {
          const work = join(dir, `work-${seed}-${fate}-${index}`);
          await git(dir, ['clone', '-q', playground.repos[index]?.remote ?? '', work]);
          for (const { issue, title, subject, mending } of changes) {
            met.clear();
            const messages: Message[] = [{ role: 'user', content: `${title}\n\nLamplighter-Run: shop-${issue}-ab12` }];
            const before = await git(work, ['rev-parse', 'HEAD']);
            const end = await converse(model.url, work, messages, once);
            expect(end.name, JSON.stringify(end.input)).toBe('submit');
            if (mending !== null) {
              briefed(messages, `the stage deploy is red:\nfailed: ${mending.cause}`);
              const mended = await converse(model.url, work, messages, once);
              expect(mended.name, JSON.stringify(mended.input)).toBe('submit');
            }
            expect(await git(work, ['log', '--reverse', '--format=%s', `${before}..HEAD`])).toBe(
              [`Test: ${subject}`, subject, ...(mending === null ? [] : [mending.subject])].join('\n'),
            );
            expect(await git(work, ['status', '--porcelain'])).toBe('');
          }
        }
      } finally {
        await model.close();
      }
    },
  );

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
