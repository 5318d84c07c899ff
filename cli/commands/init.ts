import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { Environment } from '../checkup/checkup.ts';
import { EXIT } from '../terminal/failure.ts';
import { writeDraft, type DraftedFile } from '../init/files.ts';
import type { InitFindings } from '../init/init.ts';
import { withExamples } from '../terminal/options.ts';
import { paint, plain, say, sayJson } from '../terminal/output.ts';

interface InitOptions {
  readonly config: string;
  readonly allow?: boolean;
  readonly as?: string;
  readonly privateHost?: readonly string[];
  readonly leaveOut?: readonly string[];
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function initCommand(env: Environment): Command {
  return withExamples(
    new Command('init').description(
      'look at a repo, try its tests in the sandbox, and draft .lamplighter.yml, lamplighter.yaml and CONTEXT.md; works without `up`',
    ),
    ['init ../shop', 'init ../shop --config ~/lamplighter.yaml --yes', 'init --json'],
  )
    .argument('[repo]', 'folder of a clone', '.')
    .option('--config <file>', 'where the operator’s configuration is drafted', 'lamplighter.yaml')
    .option('--allow', 'name the repo under allow: at once (the kill switch stays on)')
    .option('--as <name>', 'who may label issues (default: your login name)')
    .option(
      '--private-host <name>',
      'a host that may stand for an address that is not public, such as your own package server (repeatable)',
      (name: string, all: readonly string[]) => [...all, name],
      [],
    )
    .option(
      '--leave-out <folder>',
      'a folder whose tests cannot run here: nothing then checks what changes there (repeatable)',
      (name: string, all: readonly string[]) => [...all, name],
      [],
    )
    .option('--yes', 'write the drafts without asking')
    .option('--json', 'print JSON; without --yes nothing is written')
    .action(async (repo: string, options: InitOptions) => {
      process.exitCode = await init(repo, options, env);
    });
}

/** 1 when something that was tried does not pass yet: the drafts are there all the same, to be corrected. */
async function init(path: string, options: InitOptions, env: Environment): Promise<number> {
  // The sandbox and the gates come with it, which no other command here needs.
  const [{ examineRepo }, { sayFindings }, { issuesOf }] = await Promise.all([
    import('../init/init.ts'),
    import('../init/print.ts'),
    import('../init/drafts.ts'),
  ]);
  const configFile = resolve(options.config);
  const findings = await examineRepo({
    path,
    configFile,
    person: options.as ?? userInfo().username,
    allow: options.allow ?? false,
    leaveOut: options.leaveOut ?? [],
    privateHosts: options.privateHost ?? [],
    env,
    say: (line) => void process.stderr.write(`${plain(line)}\n`),
  });
  if (options.json !== true) sayFindings(findings);
  const fresh = findings.files.filter((file) => ['new', 'renewed', 'added'].includes(file.state));
  const answer =
    options.yes === true || fresh.length === 0 ? 'yes' : options.json === true ? 'nobody' : await answerTo(fresh);
  const written = answer === 'yes' ? fresh : [];
  written.forEach(writeDraft);
  // Until the first issue is added it is empty, and not a tracker that cannot be read.
  if (written.some((file) => file.path === configFile))
    mkdirSync(join(dirname(configFile), issuesOf(findings.repo.name)), { recursive: true });
  if (options.json === true) sayJson({ ...findings, written: written.map((file) => file.path) });
  else sayEnd(findings, { written, answer });
  return findings.trial.tried.every((one) => one.verdict === 'passed') ? EXIT.done : EXIT.failed;
}

type Answer = 'yes' | 'no' | 'nobody';

async function answerTo(fresh: readonly DraftedFile[]): Promise<Answer> {
  if (process.stdin.isTTY !== true) return 'nobody';
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`\nWrite ${fresh.map((file) => plain(file.path)).join(', ')}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no';
  } finally {
    terminal.close();
  }
}

function sayEnd(
  { trial, next }: InitFindings,
  { written, answer }: { readonly written: readonly DraftedFile[]; readonly answer: Answer },
): void {
  for (const { path } of written) say(`${paint('green', 'written')}  ${plain(path)}`);
  const failing = trial.tried.filter((one) => one.verdict !== 'passed').map((one) => one.name);
  if (failing.length > 0) {
    say(
      `\nNot ready: ${plain(failing.join(', '))} did not pass. Correct .lamplighter.yml or main first: no run starts on a red main.`,
    );
  }
  // Commands over files that are not there would fail one after the other.
  if (answer === 'no') {
    say('\nNothing was written. Run init again to be asked once more; --yes writes without asking.');
    return;
  }
  const heading =
    answer === 'nobody'
      ? 'Nothing was written, because nobody can be asked here: --yes writes. Then come, with the files there'
      : 'Next';
  say(`\n${heading}:\n${next.map((command) => `  ${plain(command)}`).join('\n')}`);
}
