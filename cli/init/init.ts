/** `lamplighter init`: from an existing repo to drafts that were tried in the real sandbox. It writes nothing itself. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inFreshFolder } from '../../activities/exec/remove-tree.ts';
import { createBwrapSandbox } from '../../activities/sandbox/bwrap.ts';
import { builtinToolchains } from '../../config/defaults.ts';
import type { Environment } from '../checkup/checkup.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import {
  CONTRACT_FILE,
  additionOf,
  configText,
  contractText,
  draftContract,
  CAPS_USD,
  ISSUE_USD,
  WORDS_FILE,
  wordsText,
} from './drafts.ts';
import { allowCommand, extendConfig } from './add-repo.ts';
import { compareDraft, type DraftedFile } from './files.ts';
import { egressOf } from './egress.ts';
import { lookAtRepo, type RepoLook } from './repo-look.ts';
import { namedHosts } from './named-hosts.ts';
import { findServices } from './services.ts';
import { findSuites, languagesIn } from './suites.ts';
import type { Suite } from './suite.ts';
import { findToolchains, type FoundToolchain } from './toolchains.ts';
import { tryContract, type Trial, type TrialInput } from './trial.ts';

export interface InitInput {
  readonly path: string;
  /** Where the operator's configuration is to stand, absolute. */
  readonly configFile: string;
  readonly person: string;
  /** Name the repo in `allow`. */
  readonly allow: boolean;
  /** Names that may stand for an address that is not public, beside those of the configuration that is there. */
  readonly privateHosts: readonly string[];
  /** Folders whose tests are not to be checked, as `Found:` names them. */
  readonly leaveOut: readonly string[];
  readonly env: Environment;
  readonly say: (line: string) => void;
}

export interface WorstCase {
  readonly issueUsd: number;
  readonly caps: typeof CAPS_USD;
  readonly allowed: readonly string[];
  readonly text: string;
}

export interface InitFindings {
  readonly repo: Pick<RepoLook, 'root' | 'name' | 'remote' | 'branch' | 'sha' | 'uncommitted'>;
  readonly suites: readonly Suite[];
  readonly toolchains: readonly FoundToolchain[];
  readonly trial: Trial;
  readonly notes: readonly string[];
  readonly files: readonly DraftedFile[];
  readonly worstCase: WorstCase;
  /** Commands to type, in their order. */
  readonly next: readonly string[];
}

/** Throws a CliFailure where there is nothing to draft or no sandbox to try it in. */
export async function examineRepo(input: InitInput): Promise<InitFindings> {
  const { env, say } = input;
  const look = await lookAtRepo(input.path);
  const languages = languagesIn(look);
  const tools = await findToolchains(languages, look.root, env);
  const { suites, notes } = leftOut(findSuites(look, tools), input.leaveOut);
  if (suites.length === 0) throw nothingToRun(look, notes);

  const used = tools.found.filter((one) => suites.some((suite) => suite.language === one.language));
  const servers = findServices(look);
  const egress = egressOf(input);
  const drafted = draftContract(suites, used, servers.services);
  const remote = look.remote ?? `${look.root}.git`;
  const trial =
    look.sha === null
      ? { tried: [], hosts: [], unreached: [], privateHosts: egress.privateHosts, empty: [] }
      : await tryOut(look.root, look.sha, {
          contract: drafted,
          toolchains: used,
          egress,
          remote,
          submodules: look.submodules,
          named: namedHosts(look),
          say,
        });
  const contract = { ...drafted, network: trial.hosts };
  const suiteNotes = suites.flatMap(({ dir, notes: own }) =>
    own.map((note) => (dir === '.' ? note : `In ${dir}: ${note}`)),
  );
  const config = {
    ...input,
    look,
    remote,
    toolchains: used,
    egress: { ...egress, privateHosts: trial.privateHosts },
  };
  const ours = await compareDraft(
    { path: input.configFile, text: configText(config) },
    { ofRepo: `- name: ${look.name}\n`, extend: (there) => extendConfig(there, additionOf(config)) },
  );
  const files = [
    await compareDraft({
      path: join(look.root, CONTRACT_FILE),
      text: contractText(contract, [...notes, ...servers.notes, ...suiteNotes]),
    }),
    await compareDraft({ path: join(look.root, WORDS_FILE), text: wordsText(look, contract) }),
    ours,
  ];
  const { root, name, branch, sha, uncommitted } = look;
  return {
    repo: { root, name, remote: look.remote, branch, sha, uncommitted },
    suites,
    toolchains: used,
    trial,
    notes: [
      ...repoNotes(look, input),
      ...submoduleNotes(look, trial),
      ...notes,
      ...tools.notes,
      ...servers.notes,
      ...suiteNotes,
    ],
    files,
    worstCase: worstCase(look.name, input.allow),
    next: nextCommands(look, remote, input, ours),
  };
}

/** Throws a CliFailure where a folder is named that has no tests: a slip must not check less than was meant. */
function leftOut(found: ReturnType<typeof findSuites>, dirs: readonly string[]): ReturnType<typeof findSuites> {
  const all = found.suites.map(({ dir }) => dir);
  const unknown = dirs.find((dir) => !all.includes(dir));
  if (unknown !== undefined) {
    throw new CliFailure(
      EXIT.usage,
      'unknown-folder',
      `--leave-out ${unknown}: no tests were found in that folder`,
      `name one of ${all.join(', ')}`,
    );
  }
  return {
    suites: found.suites.filter(({ dir }) => !dirs.includes(dir)),
    notes: [...found.notes, ...dirs.map((dir) => `${dir} was left out: nothing checks what changes there.`)],
  };
}

async function tryOut(
  root: string,
  sha: string,
  {
    toolchains,
    ...given
  }: Pick<TrialInput, 'remote' | 'submodules' | 'contract' | 'egress' | 'named' | 'say'> & {
    readonly toolchains: readonly FoundToolchain[];
  },
): Promise<Trial> {
  const { value, left } = await inFreshFolder(join(tmpdir(), 'lamplighter-init-'), async (workDir) => {
    const probe = await createBwrapSandbox({ proxySocketDir: join(workDir, 'proxy') }).probe();
    if (!probe.ok)
      throw new CliFailure(EXIT.failed, 'no-sandbox', `there is no sandbox: ${probe.reason}`, probe.remedy);
    const declared = Object.fromEntries(toolchains.filter((one) => !one.builtIn).map((one) => [one.name, one]));
    return await tryContract({
      ...given,
      root,
      sha,
      toolchains: { ...builtinToolchains(process.execPath), ...declared },
      workDir,
    });
  });
  if (left !== null) given.say(left);
  return value;
}

function nothingToRun({ root }: RepoLook, notes: readonly string[]): CliFailure {
  return new CliFailure(
    EXIT.failed,
    'no-tests',
    `no tests were found in ${root} (looked for package.json, pytest, go.mod, Cargo.toml, pom.xml with tests)${notes.map((note) => `; ${note}`).join('')}`,
    'add one test that passes and commit it, or write .lamplighter.yml by hand: docs/contract.md',
  );
}

function submoduleNotes({ submodules }: RepoLook, { empty }: Trial): string[] {
  const few = empty.slice(0, 10).map((one) => `The submodule ${one}.`);
  return [
    ...(submodules.length === 0
      ? []
      : [
          `Submodules are fetched from ${submodules.join(', ')} (\`submodules\` in lamplighter.yaml): keep only those you know.`,
        ]),
    ...few,
    ...(few.length === 0
      ? []
      : ['What this clone has of its submodules is drafted: `git submodule update --init`, then run init again.']),
  ];
}

function repoNotes(look: RepoLook, { configFile, env }: InitInput): string[] {
  const notes: string[] = [];
  if (look.sha === null) notes.push('Nothing is committed yet, so no check was tried: commit, and run init again.');
  else if (look.uncommitted > 0) {
    const what = look.uncommitted === 1 ? 'One path is' : `${look.uncommitted} paths are`;
    notes.push(`${what} not committed: what was tried is the last commit, ${look.sha.slice(0, 10)}, without them.`);
  }
  if (look.remote === null) {
    notes.push(
      'There is no remote named origin, and Lamplighter pushes to one: the commands below make a bare one beside the repo.',
    );
  }
  if (look.remoteHasPassword) {
    notes.push('The password in the address of origin was left out of the draft: give it to `pushEnv` as a secret.');
  }
  if (configFile.startsWith(`${look.root}/`)) {
    notes.push(
      'lamplighter.yaml is the operator’s, and lands inside the repo here: do not commit it, or name another with --config.',
    );
  }
  if ((env['ANTHROPIC_API_KEY'] ?? '').trim() === '') {
    notes.push(
      'ANTHROPIC_API_KEY is not set: `up` will want it, or `model: { provider: scripted, scenarios: … }` for a dry run.',
    );
  }
  return notes;
}

function worstCase(name: string, allow: boolean): WorstCase {
  const { dayUsd, monthUsd, repoDayUsd, repoMonthUsd } = CAPS_USD;
  const each = `at most $${ISSUE_USD} for each issue that is labelled ready-for-agent, over all its runs (bounds.issueUsd); and however many are labelled, at most $${repoDayUsd} a day and $${repoMonthUsd} a month in this repo, $${dayUsd} a day and $${monthUsd} a month in all (caps)`;
  const text = allow
    ? `${each}. ${name} is allowed, and nothing is spent before the kill switch is off.`
    : `$0 now, because allow is empty. Once ${name} stands there: ${each}.`;
  return {
    issueUsd: ISSUE_USD,
    allowed: allow ? [name] : [],
    caps: CAPS_USD,
    text: `${text} A cap that is reached holds; it ends nothing.`,
  };
}

function nextCommands(
  look: RepoLook,
  remote: string,
  { configFile, person, allow, env }: InitInput,
  ours: DraftedFile,
): string[] {
  const config = quoted(configFile);
  const lamplighter = commandOf(env);
  const git = `git -C ${quoted(look.root)}`;
  const publish =
    look.remote === null
      ? [`git init --bare -b ${look.branch} ${quoted(remote)}`, `${git} remote add origin ${quoted(remote)}`]
      : [];
  const everything = look.sha === null ? '.' : `${CONTRACT_FILE} ${WORDS_FILE}`;
  return [
    ...publish,
    `${git} add ${everything} && ${git} commit -m "Add Lamplighter's contract" && ${git} push origin HEAD:${look.branch}`,
    ...(ours.state === 'kept'
      ? [`# what ${config} lacks for this repo: see the difference above, and name ${look.name} under allow`]
      : allow
        ? []
        : [allowCommand(ours.text, look.name, config) ?? `# name ${look.name} under allow in ${config}`]),
    `${lamplighter} up --config ${config}   # it stays: the rest in another terminal`,
    `${lamplighter} kill-switch off --note "armed by ${person}"`,
    `${lamplighter} issue add --repo ${look.name} --title "…" --label ready-for-agent --as ${person}`,
  ];
}

/** As it was called, so that what is printed can be typed. */
function commandOf(env: Environment): string {
  return quoted(env['LAMPLIGHTER_COMMAND'] ?? 'lamplighter');
}

function quoted(word: string): string {
  return /^[\w./@:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
