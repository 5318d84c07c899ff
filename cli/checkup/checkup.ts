/** What `doctor` looks at. Each finding says what is there, or what is missing and what to do about it. */
import { accessSync, constants, existsSync, statSync, statfsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { probePart, systemParts, type SystemPartName } from '../../config/system-parts.ts';
import { bytes } from '../../ui/format.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** Without it Lamplighter can't do its work. */
  readonly required: boolean;
  /** It is there, and some work does not get on for it. */
  readonly ails?: boolean;
  readonly detail: string;
  readonly remedy: string | null;
}

const NODE = 24;
const GIT = [2, 38] as const;
const ROOM = 2 * 1024 ** 3;

export function checkMachine(env: Environment, dataDir: string): Finding[] {
  // What only tests need is of use to whoever builds Lamplighter, not to whoever runs it.
  const parts = systemParts.filter((one) => one.use !== 'tests' && one.name !== 'git');
  return [
    checkNode(),
    checkGit(env),
    ...parts.map((one) => checkPart(one.name, one.use === 'always', one.neededFor, env)),
    checkPython(env),
    checkRoom(dataDir),
    checkDataDir(dataDir),
  ];
}

function found(name: string, detail: string, required = true): Finding {
  return { name, ok: true, required, detail, remedy: null };
}

function missing(name: string, detail: string, remedy: string, required = true): Finding {
  return { name, ok: false, required, detail, remedy };
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE) return found('node', process.version);
  return missing(
    'node',
    `${process.version} cannot run TypeScript as it is`,
    `use bin/lamplighter, which brings Node ${NODE} with it`,
  );
}

function checkGit(env: Environment): Finding {
  const probe = probePart('git', { ...env });
  if (!probe.present) return missing('git', probe.why, probe.remedy);
  const said = execFileSync(probe.where, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
    env: { PATH: env['PATH'], LC_ALL: 'C' },
  }).trim();
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(said) ?? [];
  const recent = Number(major) > GIT[0] || (Number(major) === GIT[0] && Number(minor) >= GIT[1]);
  return recent
    ? found('git', said)
    : missing(
        'git',
        `${said} is older than ${GIT.join('.')}`,
        `install git ${GIT.join('.')} or later (Debian: from backports)`,
      );
}

function checkPart(name: SystemPartName, required: boolean, neededFor: string, env: Environment): Finding {
  const label = name === 'bwrap' ? 'sandbox' : name;
  const probe = probePart(name, { ...env });
  if (probe.present)
    return found(label, name === 'bwrap' ? `${probe.where}, and a sandbox was really made` : probe.where, required);
  return missing(label, `${probe.why} (for ${neededFor})`, probe.remedy, required);
}

function checkPython(env: Environment): Finding {
  try {
    const said = execFileSync('python3', ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      env: { PATH: env['PATH'], LC_ALL: 'C' },
    });
    return found('python', said.trim(), false);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return missing(
      'python',
      `python3 does not run (${why}); it is one way to fetch the Temporal CLI, and repos may need it`,
      'apt-get install python3 python3-pip',
      false,
    );
  }
}

/** The data directory, or the nearest folder above it that is there. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

function checkRoom(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(nearest(dataDir));
  const free = bavail * bsize;
  return free >= ROOM
    ? found('disk', `${bytes(free)} free for ${dataDir}`)
    : missing(
        'disk',
        `only ${bytes(free)} free for ${dataDir}; checkouts and caches want ${bytes(ROOM)}`,
        'free some, or give another --data-dir',
      );
}

function checkDataDir(dataDir: string): Finding {
  const folder = nearest(dataDir);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return missing(
      'data directory',
      `${folder} cannot be written to (${why})`,
      `chown it to the user that runs lamplighter, or give another --data-dir`,
    );
  }
  if (folder !== dataDir) return found('data directory', `${dataDir} will be made`);
  const open = [dataDir, join(dataDir, 'operator.token')].filter(
    (path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0,
  );
  if (open.length === 0) return found('data directory', dataDir);
  return missing(
    'data directory',
    `${open.join(' and ')} can be read by other users of this machine`,
    `chmod go-rwx ${open.join(' ')}`,
  );
}
