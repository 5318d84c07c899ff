/** What the scripted model says for one issue (docs/scripted-model.md): honest test-first work, one small turn after the other. */
import { stringify } from 'yaml';
import type { Change, Mending, NewFile, Step } from './change.ts';

const RUN_TESTS = 'node --test';
const LOOK = 'git log --oneline | head -5; ls; cat CONTEXT.md service.mjs server.mjs';

export function scenarioFile(change: Change): string {
  return stringify(scenarioOf(change), { lineWidth: 0, aliasDuplicateObjects: false });
}

function scenarioOf(change: Change): object {
  const { issue, title, acceptanceCriteria, testPlan } = change;
  return {
    name: `issue-${issue}`,
    match: title,
    capture: ['Lamplighter-Run: (?<run>[A-Za-z0-9][A-Za-z0-9._-]*)'],
    triage: { accept: { acceptanceCriteria, testPlan, risks: [] } },
    steps: [...firstOpening(change), ...(change.mending === null ? [] : fixForward(change.mending, issue))].map(
      (step) => ({
        ...step,
        again: again(step),
      }),
    ),
  };
}

function firstOpening(change: Change): PlayedStep[] {
  const { issue, test } = change;
  return [
    {
      say: 'I look at what is there first.',
      expect: { tool: ['bash', 'str_replace_based_edit_tool', 'submit', 'give_up', 'note'] },
      calls: [{ bash: LOOK }],
    },
    {
      say: 'The failing test comes first.',
      expect: { lastMessage: { contains: 'service.mjs' } },
      calls: [create(test), { bash: `${RUN_TESTS} ${test.path}` }],
    },
    {
      say: 'It fails by its assertion, as it should: I commit it, write what it asks for, and run all of the tests.',
      expect: { lastMessage: { contains: 'AssertionError', matches: 'fail [1-9]' } },
      calls: [
        { bash: commitCommand([test.path], `Test: ${change.subject}`, issue) },
        ...implementation(change),
        { bash: RUN_TESTS },
      ],
    },
    {
      say: 'All green: I commit it, and hand it over.',
      expect: { lastMessage: { matches: 'fail 0', notContains: 'AssertionError' } },
      calls: [{ bash: commitCommand(changedPaths(change), change.subject, issue) }, { submit: [] }],
    },
  ];
}

/** As docs/scripted-model.md has it. */
interface PlayedStep {
  readonly say: string;
  readonly expect: object;
  readonly calls: readonly object[];
}

/** The brief brings the log of the red deploy: what the model does comes from there. */
function fixForward(mending: Mending, issue: number): PlayedStep[] {
  const { cause, say, test, subject } = mending;
  return [
    {
      say: `${say} The test first.`,
      expect: { lastMessage: { contains: ['the stage deploy is red', cause] } },
      calls: [create(test), { bash: `${RUN_TESTS} ${test.path}` }],
    },
    {
      say: 'It fails by its assertion, as it should: now the change.',
      expect: { lastMessage: { contains: 'AssertionError', matches: 'fail 1\\b' } },
      calls: [...implementation(mending), { bash: RUN_TESTS }],
    },
    {
      say: 'It was red without the change and is green with it: I hand it over.',
      expect: { lastMessage: { matches: 'fail 0\\b', notContains: 'AssertionError' } },
      calls: [{ bash: commitCommand([test.path, ...changedPaths(mending)], subject, issue) }, { submit: [] }],
    },
  ];
}

function create({ path, text }: NewFile): object {
  return { editor: { command: 'create', path, file_text: text } };
}

function implementation({ added, edits }: Step): object[] {
  return [
    ...added.map(create),
    ...edits.map((edit) => ({
      editor: { command: 'str_replace', path: edit.path, old_str: edit.old, new_str: edit.new },
    })),
  ];
}

function changedPaths({ added, edits }: Step): string[] {
  return [...new Set([...added, ...edits].map((one) => one.path))];
}

/**
 * A worker that dies in the middle of a call leaves it done, half done or not done: the model looks, takes away a lock that a killed git
 * left, and does the step again. Every step may therefore be done twice; one that edits does so from what is committed.
 */
function again(step: PlayedStep): object {
  const edits = step.calls.some((call) => JSON.stringify(call).includes('"str_replace"'));
  const look = 'rm -f "$(git rev-parse --git-path index.lock)"; git status --short; git log --oneline | head -3';
  return {
    // What was submitted all the same is over: the next brief comes with these results.
    when: { contains: 'Interrupted: the worker was lost', notContains: '\nsubmitted ' },
    say: 'That was interrupted, and may have run in part: I look at what is there, and do what is missing.',
    calls: [{ bash: edits ? `${look}; git checkout -q -- .` : look }],
  };
}

/** Subjects hold no quote: they are made by us from names. */
function commitCommand(paths: readonly string[], subject: string, issue: number): string {
  return `git add ${paths.join(' ')}\ngit diff --cached --quiet || git commit -q -m '${subject}\n\nRefs #${issue}\n\nLamplighter-Run: {{run}}'`;
}
