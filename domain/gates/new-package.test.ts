import { describe, expect, it } from 'vitest';
import { filesReferred, manifestHarness } from './harness.ts';
import { inNewFolder, knownBeside, knownPackages, newPackageParts } from './new-package.ts';

describe('a folder is new', () => {
  const files = ['package.json', 'packages/cart/test/a.test.js', 'packages/cart/package.json'];
  it.each([
    ['packages/sum/package.json', true],
    ['packages/cart/test/deep/package.json', true],
    ['packages/car/package.json', true],
    ['packages/cart/test/package.json', false],
    ['packages/package.json', false],
    ['package.json', false],
    ['other.json', false],
  ])('only where main has nothing in it and nothing below: %s %s', (path, expected) => {
    expect(inNewFolder(path, files)).toBe(expected);
  });
});

describe('the packages that main has or installs', () => {
  const manifest = JSON.stringify({ name: 'shop', devDependencies: { chai: '5' }, peerDependencies: { react: '19' } });
  const known = knownPackages([
    { path: 'package.json', text: manifest },
    {
      path: 'package-lock.json',
      text: '{"packages":{\n"node_modules/pathval":{},\n"node_modules/@acme/utils":{"version":"1"}}}',
    },
    {
      path: 'pnpm-lock.yaml',
      text: "packages:\n  loupe@3.1.0:\n    resolution: {}\n  '@vitest/expect@4.0.0':\n  /deep-eql/4.1.3:\n",
    },
    { path: 'yarn.lock', text: 'assertion-error@^2.0.1:\n  version "2.0.1"\n"@sinonjs/fake@^1":\n' },
    { path: 'bun.lock', text: '{"packages": { "sinon": ["sinon@20.0.0"] } }' },
    { path: 'broken/package.json', text: '{' },
  ]);

  it.each([
    'shop',
    'chai',
    'react',
    'pathval',
    '@acme/utils',
    'loupe',
    '@vitest/expect',
    'deep-eql',
    'assertion-error',
    '@sinonjs/fake',
    'sinon',
    'x'.repeat(300),
  ])('are known from its manifests and lockfiles: %s', (name) => expect(known(name)).toBe(true));

  it.each(['sum', 'utils', 'path', 'val', 'eql', '.*', 'acme', 'constructor'])('are no others: %s', (name) =>
    expect(known(name)).toBe(false),
  );

  it('leave a package the name that it has', () => {
    expect(knownBeside(known, manifest)('shop')).toBe(false);
    expect(knownBeside(known, manifest)('chai')).toBe(true);
  });
});

describe('the manifest of a new package', () => {
  const known = (name: string): boolean => ['chai', '@acme/cart'].includes(name);
  const parts = (manifest: object, commands: string) =>
    manifestHarness('packages/sum/package.json', JSON.stringify(manifest), {
      commands: `${commands}\nnpm install`,
      known,
    });
  const cart = { name: '@acme/cart', scripts: { test: 'mocha' }, mocha: { ui: 'tdd' } };
  const refused = (manifest: object, commands = 'npm test --workspaces') =>
    newPackageParts(parts(manifest, commands), { manifests: [parts(cart, commands)], commands });

  it('may have a name, programs and packages of its own, and scripts and settings as another package has them', () => {
    const honest = {
      name: '@acme/sum',
      type: 'module',
      bin: { sum: './cli.js' },
      scripts: { test: 'mocha', build: 'tsc', prepublishOnly: 'npm test' },
      mocha: { ui: 'tdd' },
      dependencies: { '@acme/cart': 'workspace:*', chai: '^5' },
    };
    expect(refused(honest)).toEqual([]);
    expect(refused({ name: 'sum', bin: './cli.js' })).toEqual([]);
  });

  it.each([
    ['the name of a package that main installs', { name: 'chai' }, 'name chai'],
    ['the name of a package that main has', { name: '@acme/cart' }, 'name @acme/cart'],
    ['the name of a runner', { name: 'vitest' }, 'name vitest'],
    ['a program in the place of node', { name: 'sum', bin: { node: './x' } }, 'bin.node'],
    ['a program that a command calls', { name: 'sum', bin: { npm: './x' } }, 'bin.npm'],
    ['a program of an installed package', { name: '@x/sum', bin: { chai: './x' } }, 'bin.chai'],
    ['a program by the name of the package', { name: '@x/npx', bin: './x' }, 'bin.npx'],
    ['a folder of programs', { name: 'sum', directories: { bin: './bin' } }, 'bin'],
    ['a test script that no other package has', { name: 'sum', scripts: { test: 'true' } }, 'scripts.test'],
    [
      'what npm runs before it',
      { name: 'sum', scripts: { test: 'mocha', pretest: 'rm -r ../cart' } },
      'scripts.pretest',
    ],
    ['what an installer runs', { name: 'sum', scripts: { postinstall: 'node x' } }, 'scripts.postinstall'],
    ['settings of a runner that no other package has', { name: 'sum', jest: { rootDir: '..' } }, 'jest'],
    ['a runner from elsewhere', { name: 'sum', devDependencies: { vitest: 'file:./x' } }, 'devDependencies.vitest'],
    [
      'a runner from elsewhere, optionally',
      { name: 'sum', optionalDependencies: { mocha: 'npm:x@1' } },
      'optionalDependencies.mocha',
    ],
  ])('may not have %s', (_what, manifest, part) => {
    expect(refused(manifest)).toEqual([part]);
  });

  it('may have a script of its own where no command enters other packages, but none that an installer runs', () => {
    expect(refused({ name: 'sum', scripts: { test: 'node --test' } }, 'npm test')).toEqual([]);
    expect(refused({ name: 'sum', scripts: { prepare: 'node x' } }, 'node --test')).toEqual(['scripts.prepare']);
  });
});

describe('what a configuration leads to', () => {
  it.each([
    ["import x from '../tools/x.js'"],
    ["export default { test: { setupFiles: ['./tools/x'] } }"],
    ["export default { setupFiles: ['tools/x.js'] }"],
    ['const a = require(`./y`)'],
  ])('is named by keys and by paths: %s', (text) => {
    const dir = text.includes('..') ? 'p/test' : 'p';
    expect(filesReferred(text, dir, new Set(['p/tools/x.js', 'p/y/index.js', 'p/z.js']))).not.toEqual([]);
  });

  it('is nothing where it names nothing of these', () => {
    expect(filesReferred("export default { include: ['./src/**'] }", 'p', new Set(['p/src/a.js']))).toEqual([]);
  });
});
