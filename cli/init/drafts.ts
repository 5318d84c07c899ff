/** The three drafted files, as text for a person to review: the contract, the operator's configuration, the words. */
import { stringify } from 'yaml';
import { parseContract } from '../../config/contract.ts';
import { CAPS } from '../../config/defaults.ts';
import { configSchema } from '../../config/schema.ts';
import { localIssues } from '../../config/trackers/local.ts';
import type { Egress } from '../../config/types.ts';
import { parseYaml } from '../../config/schemas/yaml-document.ts';
import { EMPTY_CONTRACT, type Check, type Contract, type Service } from '../../domain/contract.ts';
import { usd } from '../../domain/money.ts';
import type { Addition } from './add-repo.ts';
import type { RepoLook } from './repo-look.ts';
import type { Suite } from './suite.ts';
import type { FoundToolchain } from './toolchains.ts';

export const CONTRACT_FILE = '.lamplighter.yml';
export const WORDS_FILE = 'CONTEXT.md';
/** Dollars for an issue: enough for most, and no surprise where somebody forgets. */
export const ISSUE_USD = 20;
/** Those that hold where the file says nothing: written out, so that whoever reviews it sees them. */
export const CAPS_USD = {
  dayUsd: usd(CAPS.total.dayMicroUsd),
  monthUsd: usd(CAPS.total.monthMicroUsd),
  repoDayUsd: usd(CAPS.anyRepo.dayMicroUsd),
  repoMonthUsd: usd(CAPS.anyRepo.monthMicroUsd),
};

const TIMEOUT_SECONDS = 600;

export function draftContract(
  suites: readonly Suite[],
  toolchains: readonly FoundToolchain[],
  services: readonly Service[],
): Contract {
  const names = [...new Set(toolchains.filter((one) => one.name === 'node' || !one.builtIn).map((one) => one.name))];
  return {
    ...EMPTY_CONTRACT,
    checks: suites.map((suite) => draftCheck(suite, suites)),
    toolchain: names,
    services,
    protected: suites.flatMap((suite) => suite.protect.map((file) => inDir(suite.dir, file))),
    build: suites.map(buildOf),
  };
}

function draftCheck(suite: Suite, all: readonly Suite[]): Check {
  const { dir, setup, test, report, globs } = suite;
  // A change at the root may concern every folder, so the root's check always runs.
  const when = all.length > 1 && dir !== '.' ? [`${dir}/**`] : [];
  return {
    name: checkName(suite, all),
    dir,
    when,
    always: false,
    setup,
    test,
    report,
    globs,
    minimum: 1,
    timeoutSeconds: TIMEOUT_SECONDS,
  };
}

function checkName({ dir, language }: Suite, all: readonly Suite[]): string {
  const place = dir
    .replaceAll(/[^\w]+/g, '-')
    .replaceAll(/^[-_]+|-+$/g, '')
    .slice(0, 40);
  const base = dir === '.' || place === '' ? 'unit' : place;
  const shared = all.filter((one) => one.dir === dir).length > 1;
  return shared ? `${base}-${language}` : base;
}

/** Setup again, because the build stage has a checkout of its own. */
function buildOf({ dir, setup, build }: Suite): string {
  const parts = [...(dir === '.' ? [] : [`cd ${quoted(dir)}`]), ...(setup === null ? [] : [`(${setup})`]), build];
  return parts.join(' && ');
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function inDir(dir: string, file: string): string {
  return dir === '.' ? file : `${dir}/${file}`;
}

/** Throws when what was drafted is no contract: that is a bug of ours. */
export function contractText(contract: Contract, notes: readonly string[]): string {
  const checks = contract.checks.map(({ name, dir, when, setup, test, report, globs }) => ({
    name,
    ...(dir === '.' ? {} : { dir }),
    ...(when.length === 0 ? {} : { when }),
    ...(setup === null ? {} : { setup }),
    test,
    report,
    globs,
  }));
  const { toolchain, network, services, build } = contract;
  const sections = [
    comment(['Drafted by `lamplighter init`: read it, correct it, and commit it to main.', ...notes]),
    yaml({ checks }),
    toolchain.length === 0 ? '' : yaml({ toolchain }),
    network.length === 0
      ? ''
      : comment(['What setup asked for while it was tried: keep only hosts that you know.']) + yaml({ network }),
    services.length === 0
      ? ''
      : comment(['Started beside each command, empty: what `setup` writes into one is not there for `test`.']) +
        yaml({ services: services.map(serviceEntry) }),
    contract.protected.length === 0
      ? ''
      : comment(['What could make tests lie: an agent may not touch it.']) + yaml({ protected: contract.protected }),
    comment(['The build stage, on a clean checkout of what was pushed.']) + yaml({ build }),
  ];
  const text = sections.filter((section) => section !== '').join('');
  const parsed = parseContract(text, CONTRACT_FILE);
  if (!parsed.ok) throw new Error(`the drafted contract is not valid: ${parsed.errors.join('; ')}`);
  return text;
}

/** Without what holds anyway. */
function serviceEntry(service: Service): object {
  const { kind, env } = service;
  return service.kind === 'postgres' ? { kind, env, database: service.database } : { kind, env };
}

export interface ConfigDraft {
  readonly look: RepoLook;
  /** Where a push goes: the origin, or the bare repo that is yet to be made. */
  readonly remote: string;
  readonly toolchains: readonly FoundToolchain[];
  readonly person: string;
  readonly allow: boolean;
  readonly egress: Egress;
}

/** Folder of a repo's issues, from that of the configuration. */
export function issuesOf(repo: string): string {
  return `issues/${repo}`;
}

/** What a configuration needs for the repo, whether it is a new one or one that serves others already. */
export function additionOf({ look, remote, toolchains, person, allow, egress }: ConfigDraft): Addition {
  const declared = toolchains.filter((one) => !one.builtIn);
  return {
    repo: {
      name: look.name,
      remote,
      branch: look.branch,
      ...(look.submodules.length === 0 ? {} : { submodules: look.submodules }),
      tracker: localIssues(issuesOf(look.name), { [person]: 'admin' }),
    },
    allow,
    egress,
    toolchains: Object.fromEntries(
      declared.map(({ name, bind, path, env }) => [
        name,
        { ...(bind.length === 0 ? {} : { bind }), path, ...(Object.keys(env).length === 0 ? {} : { env }) },
      ]),
    ),
  };
}

/** Throws when what was drafted is no configuration: that is a bug of ours. */
export function configText(draft: ConfigDraft): string {
  const { look, toolchains, allow, egress } = draft;
  const { repo, toolchains: folders } = additionOf(draft);
  const declared = toolchains.filter((one) => !one.builtIn);
  const text = [
    comment(['Drafted by `lamplighter init`. This file is the operator’s: keep it out of the repo that it serves.']),
    yaml({ repos: [repo] }),
    comment(
      [
        'How it is deployed, and how health is known (docs/configuration.md). Without it, the contract’s build is all that is watched.',
        'deploy:',
        '  command: /path/to/deploy.sh',
        '  health: { url: "https://…/version", version: "json:version" }',
      ],
      '    ',
    ),
    comment(['Nothing starts before a repo stands here and the kill switch is off.']),
    yaml({ allow: allow ? [look.name] : [] }),
    comment(['The most that one issue may cost, in dollars, over all its runs.']),
    yaml({ bounds: { issueUsd: ISSUE_USD } }),
    comment([
      'However many issues are labelled: dollars in a day and a month (UTC), over all repos and in each. Reached, lanes hold.',
    ]),
    yaml({ caps: CAPS_USD }),
    ...egressSection(egress),
    ...(declared.length === 0
      ? []
      : [comment(declared.map(({ name, version }) => `${name}: ${version}`)), yaml({ toolchains: folders })]),
  ].join('');
  const parsed = parseYaml(text, 'lamplighter.yaml', configSchema);
  if (!parsed.ok) throw new Error(`the drafted configuration is not valid: ${parsed.errors.join('; ')}`);
  return text;
}

function egressSection({ login, privateHosts, ...egress }: Egress): string[] {
  // One with a password is found in the environment again, and stands in no file.
  const proxy = login == null ? egress.proxy : null;
  if (proxy === null && privateHosts.length === 0) return [];
  return [
    comment(['How sandboxes reach what contracts list under network: your own proxy, names of your own network.']),
    yaml({
      egress: { ...(proxy === null ? {} : { proxy }), ...(privateHosts.length === 0 ? {} : { privateHosts }) },
    }),
  ];
}

/** What an agent reads first. Facts are filled in; what only people know is asked for. */
export function wordsText(look: RepoLook, contract: Contract): string {
  const folders = new Map<string, number>();
  for (const file of look.files) {
    const top = file.includes('/') ? `${file.slice(0, file.indexOf('/'))}/` : null;
    if (top !== null) folders.set(top, (folders.get(top) ?? 0) + 1);
  }
  const rows = [...folders].slice(0, 20).map(([folder, count]) => `- \`${folder}\` (${count} files): `);
  const title = /^#\s+(.+)$/m.exec(look.read('README.md') ?? '')?.[1]?.trim() ?? look.name;
  return [
    `# ${title}`,
    '',
    '<!-- Drafted by `lamplighter init`. Agents read this file before they work: fill in what the code does not say. -->',
    '',
    'What this repo is for, and for whom: ',
    '',
    '## Words',
    '',
    '| word | meaning | avoid |',
    '|---|---|---|',
    '| | | |',
    '',
    ...(rows.length === 0 ? [] : ['## Where things are', '', ...rows, '']),
    '## Tests',
    '',
    ...contract.checks.map(({ name, dir, setup, test }) => {
      const steps = [setup, withoutReport(test)].filter((one) => one !== null);
      return `- ${name}${dir === '.' ? '' : ` (in \`${dir}\`)`}: ${steps.map((one) => `\`${one}\``).join(', then ')}`;
    }),
    '',
  ].join('\n');
}

/** As a person types it. */
function withoutReport(test: string): string {
  return test
    .replaceAll(/(^|\s)(>\s*)?[^\s>]*"\$LAMPLIGHTER_REPORT"/g, '')
    .replaceAll(/\s--(test-)?reporters?(-option)?([= ][\w-]+)?(?=\s|$)/g, '')
    .trim();
}

function yaml(value: object): string {
  return stringify(value, { lineWidth: 0 });
}

function comment(lines: readonly string[], indent = ''): string {
  return lines.map((line) => `${indent}# ${line}\n`).join('');
}
