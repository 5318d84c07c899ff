/** What setups want of the network is told in one go, in the real sandbox, whatever is refused first. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builtinToolchains } from '../../config/defaults.ts';
import { EMPTY_CONTRACT, type Check } from '../../domain/contract.ts';
import { has } from '../../test/setup/needs.ts';
import { git, makeRepo } from './init-rig.ts';
import { namedHosts } from './named-hosts.ts';
import { tryContract, type Trial } from './trial.ts';

const LONG = 120_000;
const dir = mkdtempSync(join(tmpdir(), 'lamplighter-init-learning-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Asks for one after the other, whatever comes of it. */
const ASKING = `
for (const host of process.argv.slice(2)) {
  const answer = await fetch('http://' + host + '/').catch(() => null);
  console.log(host, answer?.status);
}
`;

function check(name: string, hosts: readonly string[]): Check {
  return {
    name,
    dir: '.',
    when: [],
    always: false,
    setup: `node asking.js ${hosts.join(' ')}`,
    test: 'true',
    report: 'exit-code',
    globs: ['test/**'],
    minimum: 1,
    timeoutSeconds: 60,
  };
}

interface Given {
  readonly checks: readonly Check[];
  readonly privateHosts?: readonly string[];
  readonly named?: readonly string[];
  readonly addresses: Readonly<Record<string, string>>;
}

async function trialOf(name: string, { checks, privateHosts = [], named = [], addresses }: Given): Promise<Trial> {
  const repo = makeRepo(join(dir, name), { 'package.json': '{ "type": "module" }', 'asking.js': ASKING });
  const workDir = mkdtempSync(join(dir, 'work-'));
  return await tryContract({
    root: repo,
    remote: repo,
    submodules: [],
    sha: git(repo, 'rev-parse', 'HEAD'),
    contract: { ...EMPTY_CONTRACT, checks, toolchain: ['node'] },
    toolchains: builtinToolchains(process.execPath),
    egress: { proxy: null, privateHosts },
    named,
    resolve: (host) => {
      const address = addresses[host];
      return address === undefined
        ? Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }))
        : Promise.resolve(address);
    },
    workDir,
    say: () => undefined,
  });
}

describe.skipIf(!has('bwrap'))('the hosts of setups', { timeout: LONG }, () => {
  it('that stand for private addresses are all named in one go: of each setup, behind the first that was refused, and in lockfiles', async () => {
    const trial = await trialOf('all', {
      checks: [check('api', ['index.example.org', 'files.example.org']), check('web', ['npm.example.org'])],
      named: ['tarballs.example.org', 'public.example.org', 'nowhere.example.org'],
      addresses: {
        'index.example.org': '10.0.0.1',
        'files.example.org': '10.0.0.2',
        'npm.example.org': '10.0.0.3',
        'tarballs.example.org': '10.0.0.4',
        'public.example.org': '8.8.8.8',
      },
    });
    expect(trial.unreached.map((sentence) => sentence.split(' ')[0])).toEqual([
      'index.example.org',
      'files.example.org',
      'npm.example.org',
      'tarballs.example.org',
    ]);
    expect(trial.tried.map(({ verdict }) => verdict)).toEqual(['unproven', 'unproven']);
    for (const host of ['index', 'files', 'npm', 'tarballs'])
      expect(trial.tried[0]?.remedy).toContain(`--private-host ${host}.example.org`);
  });

  it('that stand for the same server as one that was allowed are allowed with it, and drafted', async () => {
    const trial = await trialOf('same', {
      checks: [check('api', ['index.example.org', 'files.example.org', 'more.example.org'])],
      privateHosts: ['index.example.org'],
      addresses: {
        'index.example.org': '127.0.0.1',
        'files.example.org': '127.0.0.1',
        'more.example.org': '127.0.0.1',
      },
    });
    expect(trial).toMatchObject({
      unreached: [],
      privateHosts: ['index.example.org', 'files.example.org', 'more.example.org'],
      hosts: ['index.example.org', 'files.example.org', 'more.example.org'],
    });
    expect(trial.tried.map(({ verdict }) => verdict)).toEqual(['passed']);
  });

  it('that stand for another private address than the one that was allowed are refused all the same', async () => {
    const trial = await trialOf('other', {
      checks: [check('api', ['index.example.org', 'metadata.example.org'])],
      privateHosts: ['index.example.org'],
      addresses: { 'index.example.org': '127.0.0.1', 'metadata.example.org': '169.254.169.254' },
    });
    expect(trial.unreached).toEqual([
      'metadata.example.org resolves to 169.254.169.254, which is not a public address',
    ]);
  });
});

describe('the hosts that a repo’s files name', () => {
  it.each([
    [
      'package-lock.json',
      '{"resolved": "https://npm.example.org/a.tgz", "funding": {"url": "https://give.example.org"}}',
    ],
    ['yarn.lock', 'a@^1:\n  resolved "https://npm.example.org/a.tgz#1"\n'],
    ['pnpm-lock.yaml', 'resolution: {integrity: x, tarball: https://npm.example.org/a.tgz}\n'],
    ['web/.npmrc', 'always-auth=true\n@acme:registry=https://npm.example.org/\n'],
    ['.yarnrc.yml', 'npmRegistryServer: "https://npm.example.org"\n'],
    [
      'package.json',
      '{"homepage": "https://home.example.org/", "dependencies": {"a": "git+https://npm.example.org/a.git"}}',
    ],
    ['requirements-dev.txt', '# see https://home.example.org\n--index-url https://u:p@npm.example.org/simple\n'],
    ['uv.lock', 'source = { registry = "https://npm.example.org/simple" }\n'],
    ['Cargo.lock', 'source = "registry+https://forge.example.org/index"\nsource = "git+https://npm.example.org/a#1"\n'],
    [
      'pom.xml',
      '<url>https://home.example.org</url><repository><id>a</id><url>https://npm.example.org/m2</url></repository>',
    ],
  ])('in %s are those that are downloaded from', (path, text) => {
    expect(namedHosts({ files: [path], read: () => text })).toEqual(['npm.example.org']);
  });
});
