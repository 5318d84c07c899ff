import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { StatusView } from '../../api/views/view.ts';
import type { Config } from '../../config/types.ts';
import { ConfigError } from '../../config/errors.ts';
import { loadConfig } from '../../config/load.ts';
import { isLoopback } from '../../config/loopback.ts';
import { killSwitchFile } from '../../config/kill-switch-file.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { checkMachine, type Environment, type Finding } from '../checkup/checkup.ts';
import { checkEgress } from '../checkup/checkup-egress.ts';
import { checkRepos } from '../checkup/checkup-repos.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import { dataDirOf } from '../terminal/find-api.ts';
import { withExamples, type CommonOptions } from '../terminal/options.ts';
import { columns, paint, plain, say, sayJson } from '../terminal/output.ts';

interface DoctorOptions extends CommonOptions {
  readonly config?: string;
  readonly breakglass?: boolean;
}

export function doctorCommand(env: Environment): Command {
  return withExamples(
    new Command('doctor').description('what is there, what is missing, and what to do about it; works without `up`'),
    ['doctor', 'doctor --config lamplighter.yaml --json', 'doctor --breakglass'],
  )
    .option('--data-dir <dir>', 'to look at (default: ~/.local/share/lamplighter)')
    .option('--config <file>', 'lamplighter.yaml to check (default: the one in this folder)')
    .option('--url <url>', 'of the api, instead of the one in the data directory')
    .option(
      '--breakglass',
      'look at the power verbs instead: keys, pinned host key, forced command, identities, clock; touches no power',
    )
    .option('--json', 'print JSON')
    .action(async (options: DoctorOptions) => {
      const breakglass = options.breakglass === true;
      const findings = breakglass ? await examineBreakglass(options) : await examine(options, env);
      const ok = findings.every((one) => one.ok || !one.required);
      if (options.json === true) sayJson({ ok, findings });
      else sayFindings(findings, ok, breakglass ? BREAKGLASS_WORDS : PRODUCT_WORDS);
      process.exitCode = ok ? EXIT.done : EXIT.failed;
    });
}

/** What a bad finding is called, and what can be done when there is none. */
interface Words {
  readonly bad: string;
  readonly next: string;
}
const PRODUCT_WORDS: Words = { bad: 'missing', next: 'lamplighter up' };
const BREAKGLASS_WORDS: Words = { bad: 'bad', next: 'lamplighter breakglass verb status' };

async function examineBreakglass({ config: file }: DoctorOptions): Promise<Finding[]> {
  const { breakglassConfig } = await import('../breakglass/open-host.ts');
  const { checkBreakglass } = await import('../breakglass/checkup.ts');
  const about = { name: 'breakglass', required: true } as const;
  try {
    const config = breakglassConfig(file);
    const { host, port, user } = config;
    const read: Finding = { ...about, ok: true, detail: `${user}@${host}:${port}`, remedy: null };
    return [read, ...(await checkBreakglass(config, Date.now))];
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return [{ ...about, ok: false, detail: error.message, remedy: error.remedy }];
  }
}

async function examine(options: DoctorOptions, env: Environment): Promise<Finding[]> {
  const dataDir = dataDirOf(options);
  const { finding, config } = checkConfig(options, dataDir, env);
  const api = await checkApi(options);
  const repos = config === null ? [] : await checkRepos(config.repos, env, config.egress);
  const wayOut = config === null ? [] : checkEgress(config, env);
  const address = config === null ? [] : [addressOf(config.api)];
  const running = [...address, api.finding, ...checkRuns(api.status), ...checkArmed(dataDir, config, api.status)];
  return [...checkMachine(env, dataDir), finding, ...wayOut, ...repos, ...running];
}

function checkConfig(
  options: DoctorOptions,
  dataDir: string,
  env: Environment,
): { finding: Finding; config: Config | null } {
  const file = options.config ?? (existsSync('lamplighter.yaml') ? 'lamplighter.yaml' : null);
  const about = { name: 'config', required: true } as const;
  if (file === null) {
    return {
      finding: {
        ...about,
        ok: true,
        detail: 'no lamplighter.yaml in this folder: `up` opens the playground',
        remedy: null,
      },
      config: null,
    };
  }
  try {
    // Ports are chosen by `up`; here any will do.
    const config = loadConfig({
      file: resolve(file),
      dataDir,
      env: { ...env },
      ports: { api: 7070, temporal: 7233, temporalUi: 8233, model: 0 },
    });
    return {
      finding: { ...about, ok: true, detail: `${file}: ${config.repos.length} enrolled`, remedy: null },
      config,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      finding: {
        ...about,
        ok: false,
        detail: error.errors.join('; '),
        remedy: `correct ${file}; \`lamplighter schema config\` prints what it may hold`,
      },
      config: null,
    };
  }
}

/** Who can reach the api at all: a surprise here is one that strangers find first. */
function addressOf({ host, port, publicUrl, names }: Config['api']): Finding {
  const about = { name: 'api address', required: false } as const;
  const known = [...new Set([new URL(publicUrl).hostname, ...names])].join(', ');
  if (isLoopback(host)) {
    const detail = `${host}, this machine alone; reading needs no token here; known as ${known}`;
    return { ...about, ok: true, detail, remedy: null };
  }
  return {
    ...about,
    ok: true,
    detail: `${host}, reached from other machines, in plain HTTP; every call needs a token; known as ${known}`,
    remedy: `put a server with TLS before port ${port}; it starts only when there is a token: lamplighter token list`,
  };
}

/** Not required: everything else can be looked at while nothing runs. */
async function checkApi(options: DoctorOptions): Promise<{ finding: Finding; status: StatusView | null }> {
  const about = { name: 'api', required: false } as const;
  try {
    const status = await createApiClient(options).get<StatusView>('/api/status');
    const ill = status.parts.filter((part) => !part.ok).map((part) => `${part.name}: ${part.detail}`);
    const detail =
      ill.length === 0 ? `lamplighter ${status.version} answers, ${status.openRuns.length} open runs` : ill.join('; ');
    return {
      finding: {
        ...about,
        ok: ill.length === 0,
        ails: ill.length > 0,
        detail,
        remedy: ill.length === 0 ? null : 'look into the logs folder of the data directory',
      },
      status,
    };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    return { finding: { ...about, ok: false, detail: error.message, remedy: error.remedy }, status: null };
  }
}

/** Each run that is tried again and again: a model that is down, a remote that cannot be reached. */
function checkRuns(status: StatusView | null): Finding[] {
  return (status?.openRuns ?? []).flatMap(({ id, repoName, issue, trouble }) =>
    trouble === null
      ? []
      : [
          {
            name: `run ${repoName}#${issue}`,
            ok: false,
            required: false,
            ails: true,
            detail: trouble,
            remedy: `see to what it names; lamplighter show ${id}`,
          },
        ],
  );
}

/** It ships disarmed (invariant 8), which is no fault: doctor only says so. */
function checkArmed(dataDir: string, config: Config | null, status: StatusView | null): Finding[] {
  const file = existsSync(killSwitchFile(dataDir));
  const on = status?.killSwitch.on ?? (file ? true : null);
  const allow = status?.allow ?? config?.allow ?? null;
  const killSwitch =
    on === null
      ? 'no kill-switch file; the row in the store is known to the api only'
      : on
        ? 'on: nothing new starts'
        : 'off';
  return [
    {
      name: 'kill switch',
      ok: true,
      required: false,
      detail: killSwitch,
      remedy: on === true ? 'lamplighter kill-switch off --note "why"' : null,
    },
    {
      name: 'allowlist',
      ok: true,
      required: false,
      detail:
        allow === null
          ? 'no configuration was read'
          : allow.length === 0
            ? 'empty: no repo may be dispatched'
            : allow.join(', '),
      remedy: allow?.length === 0 ? 'name repos under allow: in lamplighter.yaml' : null,
    },
  ];
}

function sayFindings(findings: readonly Finding[], ok: boolean, words: Words): void {
  const width = Math.max(14, ...findings.map((one) => one.name.length));
  for (const one of findings) {
    const mark = one.ok
      ? paint('green', 'ok')
      : one.required
        ? paint('red', words.bad)
        : paint('yellow', one.ails === true ? 'bad' : 'absent');
    say(columns([[mark + ' '.repeat(Math.max(0, 7 - plain(mark).length)), one.name.padEnd(width), plain(one.detail)]]));
    if (one.remedy !== null) say(`${' '.repeat(width + 11)}${paint('dim', '→')} ${plain(one.remedy)}`);
  }
  const lacking = findings.filter((one) => !one.ok && one.required).map((one) => one.name);
  if (!ok) return say(`\nnot ready: ${lacking.join(', ')}`);
  const ailing = findings.filter((one) => one.ails === true).map((one) => one.name);
  say(ailing.length === 0 ? `\nready: \`${words.next}\`` : `\nready, but see to: ${ailing.join(', ')}`);
}
