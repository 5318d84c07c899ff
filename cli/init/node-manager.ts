/**
 * What installs a folder's packages and runs its scripts. A version that the repo names is fetched by npm, in the sandbox, through its proxy:
 * corepack does not come with every Node, and what stands on somebody's PATH is another version.
 */
import { relative } from 'node:path/posix';
import { z } from 'zod';
import type { Folder, Tools } from './suite.ts';

export interface NodeManager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** From the folder, such as `npx -y pnpm@9.15.0`. */
  readonly call: string;
  /** Installs what the lockfile says, where there is one. */
  readonly install: string;
  /** Packages lie in no node_modules: only the manager finds them. */
  readonly plugAndPlay: boolean;
  /** What a person must know, in whole sentences. */
  readonly notes: readonly string[];
}

type Name = NodeManager['name'];

interface Pin {
  readonly name: Name;
  /** Null where only the manager is named. */
  readonly version: string | null;
}

interface Lock {
  readonly dir: string;
  readonly name: string;
}

const LOCKS: Readonly<Record<Name, readonly string[]>> = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
};
const NAMES = ['npm', 'pnpm', 'yarn', 'bun'] as const;

const NO_LOCK = 'There is no lockfile, so each setup may install something else: commit one.';

export function nodeManager(folder: Folder, tools: Pick<Tools, 'pnpm'>): NodeManager {
  const pin = pinOf(folder);
  const lock = folder.nearest(pin === null ? NAMES.flatMap((name) => LOCKS[name]) : LOCKS[pin.name]);
  const name = pin?.name ?? NAMES.find((one) => LOCKS[one].includes(lock?.name ?? '')) ?? 'npm';
  const version = pin?.version ?? null;
  const about = MANAGERS[name]({ folder, lock, version, tools });
  const away = relative(folder.dir, lock?.dir ?? folder.dir);
  // The folder above may call it by a path of its own.
  const install = away === '' ? about.install : `cd ${away} && ${about.install}`;
  return { name, plugAndPlay: false, notes: lock === null ? [NO_LOCK] : [], ...about, install };
}

/** As it is typed in the folder: a program of a dependency, or the manager by its bare name. */
export function typed(manager: NodeManager, part: string): string {
  const [, env = '', word = '', rest = ''] = /^((?:\w+=\S+\s+)*)(\S+)(.*)$/s.exec(part) ?? [];
  if (word === manager.name && manager.name !== 'npm') return `${env}${manager.call}${rest}`;
  if (!manager.plugAndPlay) return part;
  if (word === 'npx') return `${env}${manager.call} run${rest}`;
  return word === 'node' ? `${env}${manager.call} node${rest}` : part;
}

interface Given {
  readonly folder: Folder;
  readonly lock: Lock | null;
  readonly version: string | null;
  readonly tools: Pick<Tools, 'pnpm'>;
}

type About = Pick<NodeManager, 'call' | 'install'> & Partial<Pick<NodeManager, 'plugAndPlay'>>;

const MANAGERS: Readonly<Record<Name, (given: Given) => About>> = {
  npm: ({ lock }) => ({ call: 'npm', install: lock === null ? 'npm install' : 'npm ci' }),
  pnpm: ({ folder, lock, version, tools }) => {
    const call = version === null && tools.pnpm ? 'pnpm' : `npx -y pnpm@${version ?? pnpmOfLock(textOf(folder, lock))}`;
    return { call, install: `${call} install ${lock === null ? '--no-frozen-lockfile' : '--frozen-lockfile'}` };
  },
  yarn: (given) => {
    const classic = given.version === null ? isClassic(given) : given.version.startsWith('1');
    return classic ? yarnClassic(given) : yarnBerry(given);
  },
  bun: ({ lock, version }) => {
    const call = `npx -y bun@${version ?? '1'}`;
    return { call, install: lock === null ? `${call} install` : `${call} install --frozen-lockfile` };
  },
};

function yarnClassic({ lock, version }: Given): About {
  const call = `npx -y yarn@${version ?? '1'}`;
  return { call, install: lock === null ? `${call} install` : `${call} install --frozen-lockfile` };
}

function yarnBerry({ folder, lock, version }: Given): About {
  const rc = folder.up('.yarnrc.yml')[0];
  const settings = rc?.text ?? '';
  const own = /^yarnPath:\s*["']?([\w./-]+)/m.exec(settings)?.[1];
  const release = version ?? yarnOfLock(textOf(folder, lock));
  const callFrom = (dir: string): string => {
    if (own === undefined || rc === undefined) return `npx -y -p @yarnpkg/cli-dist@${release} yarn`;
    const away = relative(dir, rc.dir);
    return `node ${away === '' ? '' : `${away}/`}${own}`;
  };
  const install = callFrom(lock?.dir ?? folder.dir);
  return {
    call: callFrom(folder.dir),
    // It counts as CI there, where a lockfile may not come into being.
    install: lock === null ? `YARN_ENABLE_IMMUTABLE_INSTALLS=0 ${install} install` : `${install} install --immutable`,
    plugAndPlay: !/^nodeLinker:\s*["']?(node-modules|pnpm)/m.test(settings),
  };
}

function isClassic({ folder, lock }: Given): boolean {
  if (lock === null) return folder.up('.yarnrc.yml').length === 0;
  return !/^__metadata:/m.test(textOf(folder, lock));
}

/** The oldest major that knows the lockfile's version is a guess; the newest writes it as well. */
function pnpmOfLock(text: string): string {
  const version = Number(/^lockfileVersion:\s*['"]?(\d+)/m.exec(text)?.[1] ?? '9');
  return version >= 9 ? '10' : version >= 6 ? '8' : '7';
}

function yarnOfLock(text: string): string {
  const version = Number(/^__metadata:\n\s+version:\s*(\d+)/m.exec(text)?.[1] ?? '8');
  return version >= 8 ? '4' : version >= 5 ? '3' : '2';
}

function textOf(folder: Folder, lock: Lock | null): string {
  return lock === null ? '' : (folder.up(lock.name)[0]?.text ?? '');
}

const engine = z.object({ name: z.string(), version: z.string().optional() });
/** One that is written in another way says nothing, and hides nothing of the other. */
const named = z.object({
  packageManager: z.string().optional().catch(undefined),
  devEngines: z
    .object({ packageManager: z.union([engine, z.array(engine)]).optional() })
    .optional()
    .catch(undefined),
});

/** What the nearest manifest says, up to the root. A digest behind the version is corepack's: npm checks what it fetches by the registry's own. */
function pinOf(folder: Folder): Pin | null {
  for (const { text } of folder.up('package.json')) {
    const manifest = named.safeParse(jsonOf(text)).data;
    // Of several any will do: the first that we know is taken.
    const wanted = [manifest?.devEngines?.packageManager ?? []].flat().find(({ name }) => isOurs(name));
    // Behind an address, as corepack takes it, no version stands.
    const [, name, version = null] =
      /^\s*([a-z]+)(?:@(?!\w+:)([\w.^~-]+))?/.exec(
        manifest?.packageManager ?? `${wanted?.name ?? ''}@${wanted?.version ?? ''}`,
      ) ?? [];
    const known = NAMES.find((one) => one === name);
    if (known !== undefined) return { name: known, version };
  }
  return null;
}

function isOurs(name: string): boolean {
  return NAMES.some((one) => one === name);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
