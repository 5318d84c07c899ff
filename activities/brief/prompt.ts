/** What a session and a triage are told. The rules are files under prompts/, the rest is data marked as such. */
import { readFile } from 'node:fs/promises';
import type { Issue } from '../../domain/issue.ts';
import type { Brief } from '../../domain/stage.ts';
import { waiversOf, type Waiver } from '../../domain/waivers.ts';
import type { RunRow } from '../../store/port.ts';
import type { RepoGit } from '../git/port.ts';
import { asData, plainText } from '../agent/plain-text.ts';
import { headOf } from '../../domain/text.ts';

const INSTRUCTION_FILES = ['CONTEXT.md', 'AGENTS.md', 'CLAUDE.md'] as const;
const INSTRUCTION_CHARACTERS = 40_000;
const ISSUE_CHARACTERS = 60_000;

/** Rules first, then the repo's own instructions as they are in the base commit. */
export async function sessionPrompt(run: RunRow, base: string, git: Pick<RepoGit, 'readFile'>): Promise<string> {
  const rules = fill(await readPrompt('session'), { repo: run.repoName, base, issue: String(run.issue), run: run.id });
  const files = await Promise.all(
    INSTRUCTION_FILES.map(async (file) => ({ file, text: await git.readFile(base, file) })),
  );
  const given = files.flatMap(({ file, text }) =>
    text === null ? [] : [asData(`repo-file-${file}`, shorten(text, INSTRUCTION_CHARACTERS))],
  );
  if (given.length === 0) return rules;
  return `${rules}\n# The repository's own instructions, from its base commit\n\nFollow them where they don't contradict the rules above.\n\n${given.join('\n\n')}\n`;
}

export async function triagePrompt(run: RunRow): Promise<string> {
  return fill(await readPrompt('triage'), { repo: run.repoName, run: run.id });
}

/** The issue, and in our own words what a trusted person lifted for it by label. */
export function issueText(issue: Issue): string {
  const text = asData('issue', shorten(`Issue #${issue.number}: ${issue.title}\n\n${issue.body}`, ISSUE_CHARACTERS));
  const waived = waiversOf(issue).granted.map(
    ({ waiver, by }) => `${plainText(by)} waived for this issue: ${WAIVED[waiver]}`,
  );
  return [text, ...waived].join('\n');
}

const WAIVED: Readonly<Record<Waiver, string>> = {
  'no-red-gate': 'no test has to fail without the change, so it can be built where no test could tell.',
  'tests-may-change':
    'tests that are there may be changed or deleted with the behaviour that they test, without being named in submit.',
};

/** The first message of the run's session: the issue, and what triage made of it. */
export function openingText(issue: Issue, run: RunRow, brief: Brief): string {
  const plan = run.plan;
  const criteria =
    plan === null
      ? []
      : [
          'Acceptance criteria:',
          ...plan.acceptanceCriteria.map((one) => `- ${plainText(one)}`),
          '',
          `Test plan: ${plainText(plan.testPlan)}`,
          ...plan.risks.map((risk) => `Risk: ${plainText(risk)}`),
          '',
        ];
  return [issueText(issue), '', ...criteria, briefText(brief, null)].join('\n');
}

/** What a later opening says. `note`: the words of the person who asked for it; `facts`: what is known of a red deploy, marked as data. */
export function briefText(brief: Brief, note: string | null, facts: readonly string[] | null = null): string {
  switch (brief.kind) {
    case 'implement':
      return 'Implement this issue now, tests first.';
    case 'gates-refused':
      return [
        "The orchestrator's gates refused what you submitted. The findings:",
        asData('findings', brief.findings.join('\n')),
        'Correct the change in further commits, and submit again.',
      ].join('\n');
    case 'conflict':
      return [
        `Somebody landed first. Main is now ${brief.main}, and your commits conflict with it in:`,
        asData('files', brief.files.join('\n')),
        `Merge it (git merge ${brief.main}), settle the conflicts so that both intentions hold, run the tests, commit the merge with the two closing lines, and submit again.`,
      ].join('\n');
    case 'deploy-red':
      return [
        `Your change is on main as ${brief.red.sha}, and the stage ${brief.red.stage} is red:`,
        asData('reason', brief.red.reason),
        ...(facts === null ? [] : facts),
        ...mergeFirst(brief.main),
        "Find the cause and fix it forward in a further commit, with a test that shows it where one can. Don't revert. The recorded red is your red evidence. Then submit again.",
      ].join('\n');
    case 'retry':
      return [
        `${plainText(brief.by)} looked at the frozen state and asks for another attempt${note === null ? '.' : ':'}`,
        ...(note === null ? [] : [asData('note', note)]),
        ...(facts === null ? [] : facts),
        ...mergeFirst(brief.main),
        'Correct what is wrong in further commits, and submit again.',
      ].join('\n');
    case 'rejected':
      return [
        `${plainText(brief.by)} looked at what you submitted and does not approve it${note === null ? '.' : ':'}`,
        ...(note === null ? [] : [asData('note', note)]),
        'Change it accordingly in further commits, and submit again; if it cannot be done rightly, give up and say why.',
      ].join('\n');
  }
}

function mergeFirst(main: string | null): string[] {
  if (main === null) return [];
  return [
    `Others have landed since: main is now ${main}, with your commits in it. Merge it first (git merge ${main}), and work on top of it.`,
  ];
}

function readPrompt(name: 'session' | 'triage'): Promise<string> {
  return readFile(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8');
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a prompt asks for {{${name}}}, which nobody gives it`);
    return value;
  });
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${headOf(text, limit)}\n[… ${text.length - limit} characters left out …]`;
}
