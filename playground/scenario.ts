/** What the scripted model says for one issue (docs/scripted-model.md): honest test-first work, one small turn after the other. */
import { stringify } from 'yaml';
import type { Change } from './change.ts';

const RUN_TESTS = 'node --test';
const LOOK = 'git log --oneline | head -5; ls; cat CONTEXT.md service.mjs server.mjs';

export function scenarioFile(change: Change): string {
  return stringify(scenarioOf(change), { lineWidth: 0 });
}

function scenarioOf(change: Change): object {
  const { issue, title, acceptanceCriteria, testPlan, test } = change;
  return {
    name: `issue-${issue}`,
    match: title,
    capture: ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)'],
    triage: { accept: { acceptanceCriteria, testPlan, risks: [] } },
    steps: [
      {
        say: 'I look at what is there first.',
        expect: { tool: ['bash', 'str_replace_based_edit_tool', 'submit', 'give_up', 'note'] },
        calls: [{ bash: LOOK }],
      },
      {
        say: 'The failing test comes first.',
        expect: { lastMessage: { contains: 'service.mjs' } },
        calls: [
          { editor: { command: 'create', path: test.path, file_text: test.text } },
          { bash: `${RUN_TESTS} ${test.path}` },
        ],
      },
      {
        say: 'It fails by its assertion, as it should: I commit it, then write what it asks for.',
        expect: { lastMessage: { contains: 'AssertionError', matches: 'fail [1-9]' } },
        calls: [{ bash: commitCommand([test.path], `Test: ${change.subject}`, issue) }, ...implementation(change)],
      },
      {
        say: 'Now all of the tests.',
        calls: [{ bash: RUN_TESTS }],
      },
      {
        say: 'All green.',
        expect: { lastMessage: { matches: 'fail 0', notContains: 'AssertionError' } },
        calls: [
          { bash: commitCommand(changedPaths(change), change.subject, issue) },
          { bash: 'git status --porcelain; git log -2 --format=%B' },
        ],
      },
      {
        say: 'Test and change are committed.',
        expect: { lastMessage: { contains: [`Refs #${issue}`, 'Lamplighter-Run: '] } },
        calls: [{ submit: [] }],
      },
    ],
  };
}

function implementation({ added, edits }: Change): object[] {
  return [
    ...added.map(({ path, text }) => ({ editor: { command: 'create', path, file_text: text } })),
    ...edits.map((edit) => ({
      editor: { command: 'str_replace', path: edit.path, old_str: edit.old, new_str: edit.new },
    })),
  ];
}

function changedPaths({ added, edits }: Change): string[] {
  return [...new Set([...added, ...edits].map((one) => one.path))];
}

/** Subjects hold no quote: they are made by us from names. */
function commitCommand(paths: readonly string[], subject: string, issue: number): string {
  return `git add ${paths.join(' ')}\ngit commit -q -m '${subject}\n\nRefs #${issue}\n\nLamplighter-Run: {{run}}'`;
}
