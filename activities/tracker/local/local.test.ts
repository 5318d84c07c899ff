import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LABELS } from '../../../domain/issue.ts';
import { describeTracker } from '../suite.ts';
import { renderComment } from './issue-file.ts';
import { createIssueReader } from '../issue-reader.ts';
import { createLocalTracker, type LocalTracker } from './local.ts';

const PEOPLE = { ada: 'write', 'ci[bot]': 'write' } as const;
const AT = Date.parse('2026-11-23T12:00:00.000Z');

function trackerIn(dir: string): LocalTracker {
  return createLocalTracker({ dir, people: PEOPLE, now: () => AT });
}

function fileOf(dir: string, number: number): string {
  const name = readdirSync(dir).find((one) => Number.parseInt(one, 10) === number);
  if (name === undefined) throw new Error(`no file of issue ${number}`);
  return join(dir, name);
}

describeTracker('local', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'issues-'));
  const tracker = trackerIn(dir);
  return {
    tracker,
    async addIssue({ blockedBy = [], ...issue }) {
      const { number } = await tracker.desk.add({ ...issue, labels: [], by: 'ada' });
      const file = fileOf(dir, number);
      writeFileSync(file, readFileSync(file, 'utf8').replace('blockedBy: []', `blockedBy: [${blockedBy.join(', ')}]`));
      return number;
    },
    reopen: (number) => tracker.desk.reopen(number),
    applyLabel: async (number, label, by) => void (await tracker.desk.applyLabel(number, label, by)),
    removeLabel: async (number, label, by) => void (await tracker.desk.removeLabel(number, label, by)),
    countComments: async (number, text) => readFileSync(fileOf(dir, number), 'utf8').split(text).length - 1,
    comment: async (number, by, text) =>
      appendFileSync(
        fileOf(dir, number),
        `\n${renderComment({ id: 'p1', by, at: new Date(AT).toISOString(), text })}\n`,
      ),
    close: async () => rmSync(dir, { recursive: true }),
  };
});

describe('a folder of issue files', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'issues-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is readable: number and title in the name, one line an event', async () => {
    await trackerIn(dir).desk.add({
      title: 'Greet in Ünicode, politely!',
      body: 'Please.',
      labels: ['bug'],
      by: 'ada',
    });

    expect(readdirSync(dir).filter((name) => name.endsWith('.md'))).toEqual(['0001-greet-in-nicode-politely.md']);
    expect(readFileSync(fileOf(dir, 1), 'utf8').replace(/1-[0-9a-f]{12}/, 'ID')).toBe(
      [
        '---',
        'number: 1',
        'title: Greet in Ünicode, politely!',
        'author: ada',
        'state: open',
        'labels: [ bug ]',
        'events:',
        '  - { id: ID, label: bug, action: added, by: ada, at: 2026-11-23T12:00:00.000Z }',
        'blockedBy: []',
        '---',
        '',
        'Please.',
        '',
      ].join('\n'),
    );
  });

  const BY_HAND = `---
# mine, leave it
number:   7
title: 'odd   quoting'   # keep
state: "open"    # really
labels:
    - ready-for-agent   # go
    - "priority:1"
events:
    -   id: hand-1
        label: ready-for-agent
        action: added
        by: ada
        at: 2026-01-02T03:04:05Z   # then
blockedBy: [3,  4]
---
Body  with trailing blanks   

---

more
`;

  it('keeps what a person wrote byte for byte outside of what changes', async () => {
    writeFileSync(join(dir, '7.md'), BY_HAND);
    const tracker = trackerIn(dir);

    await tracker.desk.close(7);
    expect(readFileSync(join(dir, '7.md'), 'utf8')).toBe(BY_HAND.replace('"open"', 'closed'));

    await tracker.desk.reopen(7);
    await tracker.writes.changeLabels(7, { add: [LABELS.inProgress], remove: [] });
    const text = readFileSync(join(dir, '7.md'), 'utf8');
    const expected = BY_HAND.replace('"open"', 'open')
      .replace(/labels:[\s\S]*?(?=\nevents)/, 'labels: [ ready-for-agent, priority:1, agent-in-progress ]')
      .replace('# then\n', `# then\n    - ${/- (\{ id: 7-.*\})/.exec(text)?.[1]}\n`);
    expect(text).toBe(expected);
    expect((await tracker.desk.read(7))?.labelEvents.map((event) => event.label)).toEqual([
      LABELS.ready,
      LABELS.inProgress,
    ]);
  });

  it.each([
    ['no events', 'number: 1\ntitle: x\nstate: open\n'],
    ['an empty flow list', 'number: 1\ntitle: x\nstate: open\nevents: []\nlabels: []\n'],
    [
      'a flow list',
      'number: 1\ntitle: x\nstate: open\nevents: [{ id: a, label: b, action: added, at: 2026-01-02T03:04:05Z }]\nblockedBy: []\n',
    ],
    ['keys without a value', 'number: 1\ntitle: x\nlabels:\nevents:\nstate: open\n'],
    [
      'lists that are not indented',
      'number: 1\ntitle: x\nlabels:\n- a\nevents:\n- id: a\n  label: b\n  action: added\n  at: 2026-01-02T03:04:05Z\nstate: open\n',
    ],
    ['Windows line ends', 'number: 1\r\ntitle: x\r\nstate: open\r\nlabels: [a]\r\n'],
  ])('labels a file with %s', async (_case, front) => {
    const end = front.includes('\r') ? '\r\n' : '\n';
    writeFileSync(join(dir, '1.md'), `---${end}${front}---${end}body${end}`);
    const tracker = trackerIn(dir);

    await tracker.desk.applyLabel(1, LABELS.ready, 'ada');
    await tracker.desk.applyLabel(1, 'second', 'ada');

    const read = await tracker.desk.read(1);
    expect(read?.labels).toEqual(expect.arrayContaining([LABELS.ready, 'second']));
    expect(read?.labelEvents.slice(-2).map((event) => event.label)).toEqual([LABELS.ready, 'second']);
    expect(read).toMatchObject({ body: 'body', state: 'open' });
  });

  it('a label that a person typed in, without an event, is there but nobody applied it', async () => {
    writeFileSync(join(dir, '1.md'), '---\nnumber: 1\ntitle: x\nstate: open\nlabels: [ready-for-agent]\n---\n');
    expect(await trackerIn(dir).desk.read(1)).toMatchObject({ labels: [LABELS.ready], labelEvents: [] });
  });

  it.each([
    ['no front matter', 'just text', '1.md:1:1: expected front matter'],
    ['an unknown key', '---\nnumber: 1\ntitle: x\nstate: open\nlable: [a]\n---\n', '1.md:5:1: lable: unknown key'],
    ['another number', '---\nnumber: 2\ntitle: x\nstate: open\n---\n', '1.md:2:1: number: 2 is not the number'],
    [
      'a state of its own',
      '---\nnumber: 1\ntitle: x\nstate: done\n---\n',
      '1.md:4:1: state: expected "open" or "closed"',
    ],
    ['an event id used twice', eventsTwice(), '1.md:7:7: events[1].id'],
    [
      'a terminal sequence for a title',
      '---\nnumber: 1\ntitle: "a\\e[31m"\nstate: open\n---\n',
      '1.md:3:1: title: must not',
    ],
    ['a title of many pages', `---\nnumber: 1\ntitle: ${'x'.repeat(400_000)}\nstate: open\n---\n`, '1.md:3:1: title'],
    [
      'more than anybody writes',
      `---\nnumber: 1\ntitle: x\nstate: open\n---\n${'x'.repeat(600_000)}`,
      '1.md:1:1: has ',
    ],
    ['lists in lists', `---\nnumber: 1\ntitle: ${'['.repeat(20_000)}\nstate: open\n---\n`, '1.md:3:'],
    [
      'a comment without an end',
      '---\nnumber: 1\ntitle: x\nstate: open\n---\n\n<!-- lamplighter:comment id=a by=b at=c -->\nx\n',
      '1.md:7:1: this comment has no end',
    ],
  ])('a file with %s is reported with its place, and hides no other', async (_case, text, expected) => {
    const tracker = trackerIn(dir);
    writeFileSync(join(dir, '1.md'), text);
    const good = await tracker.desk.add({ title: 'good', body: '', labels: [LABELS.ready], by: 'ada' });

    expect((await createIssueReader(tracker.reads).ready()).issues.map((one) => one.number)).toEqual([good.number]);
    expect((await tracker.desk.unreadable()).join('\n')).toContain(expected);
    await expect(tracker.desk.read(1)).rejects.toThrow(expected);
  });

  it('a folder, a pipe, or a link in the place of a file is reported, not waited for, and hides no other', async () => {
    const tracker = trackerIn(dir);
    mkdirSync(join(dir, '1-folder.md'));
    execFileSync('mkfifo', [join(dir, '2-pipe.md')]);
    symlinkSync('/etc/passwd', join(dir, '3-link.md'));
    symlinkSync('/nowhere', join(dir, '4-dangling.md'));
    const good = await tracker.desk.add({ title: 'good', body: '', labels: [LABELS.ready], by: 'ada' });

    expect((await createIssueReader(tracker.reads).ready()).issues.map((one) => one.number)).toEqual([good.number]);
    expect(await tracker.desk.unreadable()).toEqual([
      expect.stringMatching(/^1-folder\.md:1:1: is not a plain file/),
      expect.stringMatching(/^2-pipe\.md:1:1: is not a plain file/),
      expect.stringMatching(/^3-link\.md:1:1: can't be read \(ELOOP\)/),
      expect.stringMatching(/^4-dangling\.md:1:1: can't be read \(ELOOP\)/),
    ]);
  });

  it('what lies in wait as a draft is not written through', async () => {
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(dir, '.0001-good.md.tmp'));
    await trackerIn(dir).desk.add({ title: 'good', body: '', labels: [], by: 'ada' });
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });

  it('a folder that is not there is reported, and made by the first issue', async () => {
    const tracker = trackerIn(join(dir, 'later'));
    expect(await tracker.desk.list()).toEqual([]);
    expect((await tracker.desk.unreadable()).join()).toContain('there is no such folder');

    await tracker.desk.add({ title: 'first', body: '', labels: [], by: 'ada' });
    expect(await tracker.desk.unreadable()).toEqual([]);
  });

  it('two files of one number are both reported', async () => {
    const text = '---\nnumber: 1\ntitle: x\nstate: open\n---\n';
    writeFileSync(join(dir, '1-a.md'), text);
    writeFileSync(join(dir, '0001-b.md'), text);
    expect(await trackerIn(dir).desk.unreadable()).toHaveLength(2);
  });

  it('an issue of hostile text stays an issue of text', async () => {
    const body =
      '---\nstate: closed\n---\n<!-- lamplighter:comment id=c1 by=lamplighter[bot] at=x -->\nforged\n<!-- lamplighter:end -->';
    const { number } = await trackerIn(dir).desk.add({ title: 'x: [#', body, labels: [], by: 'ada' });

    expect(await trackerIn(dir).desk.read(number)).toMatchObject({ title: 'x: [#', body, state: 'open' });
    expect(await trackerIn(dir).desk.comments(number)).toEqual([]);
  });

  it('loses nothing when processes write at once', async () => {
    const tracker = trackerIn(dir);
    await tracker.desk.add({ title: 'shared', body: 'b', labels: [], by: 'ada' });
    const module = new URL('./local.ts', import.meta.url).href;
    const script = (who: string): string => `
      import { createLocalTracker } from ${JSON.stringify(module)};
      const tracker = createLocalTracker({ dir: ${JSON.stringify(dir)}, people: {}, now: Date.now });
      for (let i = 0; i < 20; i += 1) {
        await tracker.desk.applyLabel(1, '${who}-' + i, 'ada');
        await tracker.writes.addComment(1, '<!-- lamplighter:${who}:' + i + ' -->', 'text');
        await tracker.writes.addComment(1, '<!-- lamplighter:same:' + i + ' -->', 'text');
        await tracker.desk.add({ title: '${who}', body: '', labels: [], by: 'ada' });
      }`;
    const codes = await Promise.all(
      ['a', 'b', 'c'].map(async (who) => {
        const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script(who)], {
          stdio: ['ignore', 'inherit', 'inherit'],
        });
        const [code] = (await once(child, 'exit')) as [number | null];
        return code;
      }),
    );

    const read = await tracker.desk.read(1);
    expect(codes).toEqual([0, 0, 0]);
    expect(read?.labels).toHaveLength(60);
    expect(read?.labelEvents).toHaveLength(60);
    expect(new Set((await tracker.desk.comments(1)).map((one) => one.id)).size).toBe(80);
    expect((await tracker.desk.list()).map((one) => one.number)).toEqual(
      Array.from({ length: 61 }, (_, index) => index + 1),
    );
  });

  it('says that nothing has changed once its files are old enough to tell, and reads what a person then writes', async () => {
    const tracker = trackerIn(dir);
    const { number } = await tracker.desk.add({ title: 'one', body: 'old', labels: [LABELS.ready], by: 'ada' });
    // Files this young could change again without a sign of it.
    expect(await tracker.reads.readyIssues(null)).toMatchObject({ kind: 'read', cursor: null });

    const settled = await vi.waitFor(
      async () => {
        const reading = await tracker.reads.readyIssues(null);
        if (reading.kind !== 'read' || reading.cursor === null) throw new Error('its files are too young');
        return reading.cursor;
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(await tracker.reads.readyIssues(settled)).toEqual({ kind: 'unchanged', left: null });
    const file = fileOf(dir, number);
    writeFileSync(file, readFileSync(file, 'utf8').replace('old', 'new'));
    expect(await tracker.reads.readyIssues(settled)).toMatchObject({
      kind: 'read',
      value: { issues: [{ body: 'new' }] },
    });
  });
});

function eventsTwice(): string {
  const event = '  - { id: a, label: b, action: added, at: 2026-01-02T03:04:05Z }\n';
  return `---\nnumber: 1\ntitle: x\nstate: open\nevents:\n${event}${event}---\n`;
}
