/**
 * Toolchains outside the folders that every sandbox has. Programs are asked where they really live, in the repo's folder, so that a
 * shim of pyenv, rustup or mise answers with the version that this repo is set to.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec } from '../../activities/exec/exec.ts';
import type { Toolchain } from '../../config/types.ts';
import type { Environment } from '../checkup/checkup.ts';
import type { Language, Tools } from './suite.ts';

export interface FoundToolchain extends Toolchain {
  /** As the contract asks for it. */
  readonly name: string;
  readonly language: Language;
  /** Such as `Python 3.13.1`. */
  readonly version: string;
  /** It lies in /usr, or it is the Node of Lamplighter: nothing to declare. */
  readonly builtIn: boolean;
}

export interface Toolchains extends Tools {
  readonly found: readonly FoundToolchain[];
  readonly notes: readonly string[];
}

interface Probe {
  readonly program: string;
  /** Prints the real home, then the version, a line each. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of versions where a version manager keeps them, from HOME; each holds `<version>/bin/<program>`. */
  readonly kept: readonly string[];
}

const PROBES: Readonly<Record<Language, Probe>> = {
  node: {
    program: 'node',
    args: ['-p', 'require("path").dirname(require("path").dirname(process.execPath)) + "\\n" + process.version'],
    env: {},
    kept: ['.nvm/versions/node', '.local/share/mise/installs/node', '.asdf/installs/nodejs', '.volta/tools/image/node'],
  },
  python: {
    program: 'python3',
    // The base, not an activated virtual environment: that one is somebody's folder, and setup makes its own.
    args: ['-I', '-c', 'import sys, platform; print(sys.base_prefix); print(platform.python_version())'],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    kept: ['.pyenv/versions', '.local/share/mise/installs/python', '.asdf/installs/python'],
  },
  go: {
    program: 'go',
    args: ['env', 'GOROOT', 'GOVERSION'],
    // It would fetch the version that go.mod names; the sandbox has no network to do so.
    env: { GOTOOLCHAIN: 'local' },
    kept: ['.local/share/mise/installs/go', '.asdf/installs/golang', 'sdk'],
  },
  cargo: {
    program: 'rustc',
    args: ['--print', 'sysroot'],
    env: { RUSTUP_AUTO_INSTALL: '0' },
    kept: ['.rustup/toolchains'],
  },
  maven: {
    program: 'java',
    args: ['-XshowSettings:properties', '-version'],
    env: {},
    kept: ['.sdkman/candidates/java'],
  },
};

const PASSED_ON =
  /^(PATH|HOME|USER|LANG|JAVA_HOME|GOROOT|GOPATH|(PYENV|RUSTUP|CARGO|NVM|VOLTA|MISE|ASDF|FNM|SDKMAN)_[A-Z_]+)$/;
const IN_SANDBOX = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin', '/sbin'];
const OURS = fileURLToPath(new URL('../../', import.meta.url));
/** The contract's `node` is the Node that runs Lamplighter, whatever PATH has. */
const OWN_NODE: FoundToolchain = {
  name: 'node',
  language: 'node',
  version: process.version,
  builtIn: true,
  bind: [],
  path: [],
  env: {},
};
const WALL_MS = 20_000;
const LIST_BYTES = 64 * 1024;

export async function findToolchains(
  languages: readonly Language[],
  cwd: string,
  env: Environment,
): Promise<Toolchains> {
  const place: Place = { cwd, env: probeEnvironment(env) };
  const found: FoundToolchain[] = [];
  const notes: string[] = [];
  for (const language of languages) {
    const toolchain = await findToolchain(language, place);
    if (language === 'node' && (toolchain === null || toolchain.builtIn)) {
      found.push(OWN_NODE);
      if (toolchain !== null && toolchain.version !== process.version) notes.push(otherNode(toolchain.version));
    } else if (toolchain !== null) found.push(toolchain);
    else notes.push(`${PROBES[language].program} was not found or does not run here: install it, and run init again.`);
  }
  const python = found.find((one) => one.language === 'python');
  const pnpm = languages.includes('node') ? notOfCorepack(onPath('pnpm', place)) : null;
  const rust = found.find((one) => one.language === 'cargo');
  const nextest = rust === undefined ? null : onPath('cargo-nextest', place);
  const beside: Partial<Record<Language, string | null>> = { node: pnpm, cargo: nextest };
  return {
    found: found.map((one) => withProgram(one, beside[one.language] ?? null)),
    pytest: python !== undefined && (await hasPytest(python, place)),
    pnpm: pnpm !== null,
    cargo: nextest !== null ? 'nextest' : rust?.version.startsWith('nightly') === true ? 'nightly' : 'stable',
    notes,
  };
}

function otherNode(version: string): string {
  return `The drafted checks run on Lamplighter’s own Node, ${process.version}: leave node out of \`toolchain\` to run them on the system’s ${version}.`;
}

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The bootstrap puts programs of Lamplighter's own in front of PATH; those are not the operator's choice. */
function probeEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value !== undefined && PASSED_ON.test(name) ? [[name, value]] : [],
  );
  const path = (env['PATH'] ?? '').split(':').filter((dir) => dir !== '' && !`${dir}${sep}`.startsWith(OURS));
  return { ...Object.fromEntries(kept), PATH: path.join(':') };
}

async function findToolchain(language: Language, place: Place): Promise<FoundToolchain | null> {
  const onItsOwn = await ask(language, PROBES[language].program, place);
  if (onItsOwn !== null) return onItsOwn;
  for (const program of candidates(language, place)) {
    const toolchain = await ask(language, program, place);
    if (toolchain !== null) return toolchain;
  }
  return null;
}

/** Where PATH has none: what version managers and people keep elsewhere, newest version first. */
function candidates(language: Language, { env }: Place): string[] {
  const { program, kept } = PROBES[language];
  const home = env['HOME'];
  const folders = ['/opt', ...(home === undefined ? [] : kept.map((dir) => join(home, dir)))];
  return folders.flatMap((folder) => {
    if (!existsSync(folder)) return [];
    const versions = readdirSync(folder).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return versions.map((version) => join(folder, version, 'bin', program)).filter((path) => existsSync(path));
  });
}

/** Null when the program is missing, or a shim with no version behind it. */
async function ask(language: Language, program: string, { cwd, env }: Place): Promise<FoundToolchain | null> {
  const probe = PROBES[language];
  const result = await exec([program, ...probe.args], {
    cwd,
    env: { ...env, ...probe.env },
    wallMs: WALL_MS,
    keepBytes: LIST_BYTES,
  });
  if (result.end !== 'exited' || result.code !== 0) return null;
  const [home, version] = language === 'maven' ? readJava(result.stderr) : readLines(language, result.stdout);
  if (home === undefined || !existsSync(home)) return null;
  return describe(language, realpathSync(home), version ?? '');
}

function readLines(language: Language, stdout: string): (string | undefined)[] {
  const [home, version] = stdout.trim().split('\n');
  // rustc's home is named by its toolchain, such as 1.95.0-x86_64-unknown-linux-gnu.
  return [home, language === 'cargo' ? home?.split('/').at(-1) : version];
}

function readJava(stderr: string): (string | undefined)[] {
  const value = (key: string): string | undefined => new RegExp(`^\\s*${key} = (.+)$`, 'm').exec(stderr)?.[1]?.trim();
  return [value('java\\.home'), value('java\\.version')];
}

function describe(language: Language, home: string, version: string): FoundToolchain {
  const bin = join(home, 'bin');
  const builtIn = IN_SANDBOX.includes(bin) || (language === 'node' && `${home}${sep}`.startsWith(OURS));
  const common = { language, version, builtIn };
  if (language === 'node' && builtIn) return { ...OWN_NODE, version };
  return {
    ...common,
    name: nameOf(language, version),
    bind: home.startsWith('/usr/') ? [] : [home],
    path: builtIn ? [] : [bin],
    env: language === 'go' ? { GOTOOLCHAIN: 'local' } : language === 'maven' && !builtIn ? { JAVA_HOME: home } : {},
  };
}

/** `node` is taken by the Node that runs Lamplighter. */
function nameOf(language: Language, version: string): string {
  switch (language) {
    case 'node':
      return `node-${/\d+/.exec(version)?.[0] ?? 'own'}`;
    case 'cargo':
      return 'rust';
    case 'maven':
      return 'java';
    default:
      return language;
  }
}

async function hasPytest({ path }: FoundToolchain, { cwd, env }: Place): Promise<boolean> {
  const python = path[0] === undefined ? '/usr/bin/python3' : join(path[0], 'python3');
  // Isolated: what the user's own folder holds is not in the sandbox.
  const result = await exec([python, '-I', '-c', 'import pytest'], {
    cwd,
    env,
    wallMs: WALL_MS,
    keepBytes: LIST_BYTES,
  });
  return result.end === 'exited' && result.code === 0;
}

/** The real file, through links; null when PATH has none. */
function onPath(program: string, { env }: Place): string | null {
  const path = (env['PATH'] ?? '')
    .split(':')
    .map((dir) => join(dir, program))
    .find((one) => existsSync(one));
  return path === undefined ? null : path;
}

/** What corepack puts there would fetch another version each time, into a home that is gone afterwards. */
function notOfCorepack(program: string | null): string | null {
  return program === null || realpathSync(program).includes('/corepack/') ? null : program;
}

/** A program that is used beside the toolchain, from where it was installed. */
function withProgram(toolchain: FoundToolchain, program: string | null): FoundToolchain {
  if (program === null) return toolchain;
  const dir = dirname(program);
  const real = dirname(dirname(realpathSync(program)));
  if (IN_SANDBOX.includes(dir) || toolchain.path.includes(dir)) return toolchain;
  const binds = [...new Set([dir, ...(real === dir || dir.startsWith(`${real}${sep}`) ? [] : [real])])];
  return {
    ...toolchain,
    name: toolchain.builtIn ? `${toolchain.name}-extra` : toolchain.name,
    builtIn: false,
    bind: [...toolchain.bind, ...binds],
    path: [...toolchain.path, dir],
  };
}
