/**
 * The one list of what comes from the operating system: by which executable it is found, whose package has it, what needs it. The
 * installer takes from it what it may install; `lamplighter doctor` and the tests look for what is on it. Plain JavaScript without
 * dependencies, as it is read before anything is installed.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} SystemPart
 * @property {readonly string[]} executables any of them will do
 * @property {string} debian the package that has it, by Debian's name
 * @property {string} darwin what to do on macOS
 * @property {'always' | 'feature' | 'tests'} use without one that is used always `up` can't do its work
 * @property {string} neededFor
 * @property {'start' | 'test' | 'never'} bring by which command apt brings it, where that may be done without asking anyone
 * @property {() => string[]} [folders] where it may be beside PATH
 * @property {true} [opensPort] its package opens a port to the network
 */

const noMac = 'not to be had on macOS: run Lamplighter in a Linux VM';
const ofMac = 'part of macOS';
const brew = (/** @type {string} */ name) => `brew install ${name}`;

/** Daemons live in sbin, which is not on everybody's PATH. */
export function sbinFolders() {
  return ['/usr/sbin', '/usr/local/sbin', '/sbin'];
}

/** Debian keeps the server's programs off PATH, one folder a version; the newest first. */
export function postgresFolders(root = '/usr/lib/postgresql') {
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(root, version, 'bin'));
  } catch {
    // No such folder: not Debian's layout, or no server.
    return [];
  }
}

/** @satisfies {Record<string, SystemPart>} */
export const SYSTEM_PARTS = {
  git: always('git', 'git', brew('git'), 'checkouts, gates, pushes'),
  bwrap: always('bwrap', 'bubblewrap', noMac, 'the sandbox that every command of an agent runs in'),
  socat: always('socat', 'socat', brew('socat'), "the sandbox's one way out, to the proxy"),
  flock: always('flock', 'util-linux', brew('flock'), 'the fence around a worktree'),
  setpriv: always('setpriv', 'util-linux', noMac, 'leaving nothing when killed'),
  postgres: {
    executables: ['postgres'],
    debian: 'postgresql',
    darwin: brew('postgresql'),
    use: 'feature',
    neededFor: 'postgres among the `services` of a contract, and the tests of the store',
    bring: 'test',
    folders: postgresFolders,
  },
  redis: {
    executables: ['redis-server'],
    debian: 'redis-server',
    darwin: brew('redis'),
    use: 'feature',
    neededFor: 'redis among the `services` of a contract',
    bring: 'test',
  },
  go: {
    executables: ['go'],
    debian: 'golang-go',
    darwin: brew('go'),
    use: 'feature',
    neededFor: 'proving a change of a Go project',
    bring: 'never',
  },
  cargo: {
    executables: ['cargo'],
    debian: 'cargo',
    darwin: brew('rust'),
    use: 'feature',
    neededFor: 'proving a change of a Rust project',
    bring: 'never',
  },
  chromium: {
    executables: ['chromium', 'chromium-browser', 'google-chrome'],
    debian: 'chromium',
    darwin: brew('--cask chromium'),
    use: 'tests',
    neededFor: 'the tests of the pages in a browser',
    bring: 'never',
  },
  ripgrep: forTests('rg', 'ripgrep', brew('ripgrep'), 'tests of search in a checkout'),
  pytest: {
    ...forTests('pytest', 'python3-pytest', 'pip3 install pytest', 'tests that ship a Python project'),
    executables: ['pytest', 'pytest-3'],
  },
  sshd: {
    ...forTests('sshd', 'openssh-server', ofMac, 'tests of the forced-command host script'),
    folders: sbinFolders,
    opensPort: true,
  },
  qemu: forTests('qemu-system-x86_64', 'qemu-system-x86', brew('qemu'), 'tests against a machine that can be wedged'),
  mkfs: { ...forTests('mkfs.ext4', 'e2fsprogs', brew('e2fsprogs'), 'the disk of that machine'), folders: sbinFolders },
  ssh: forTests('ssh', 'openssh-client', ofMac, 'tests that log in to that machine'),
  shellcheck: forTests('shellcheck', 'shellcheck', brew('shellcheck'), 'the check of the host scripts'),
  logrotate: {
    ...forTests('logrotate', 'logrotate', brew('logrotate'), "the test of that script's log"),
    folders: sbinFolders,
  },
  groff: forTests('groff', 'groff-base', brew('groff'), 'the check of its man page'),
  'systemd-analyze': {
    executables: ['systemd-analyze'],
    debian: 'systemd',
    darwin: noMac,
    use: 'tests',
    neededFor: 'the check of its units',
    bring: 'never',
  },
};

/** @param {string} executable @param {string} debian @param {string} darwin @param {string} neededFor @returns {SystemPart} */
function always(executable, debian, darwin, neededFor) {
  return { executables: [executable], debian, darwin, use: 'always', neededFor, bring: 'start' };
}

/** @param {string} executable @param {string} debian @param {string} darwin @param {string} neededFor @returns {SystemPart} */
function forTests(executable, debian, darwin, neededFor) {
  return { executables: [executable], debian, darwin, use: 'tests', neededFor, bring: 'test' };
}
