import { expect, test } from 'vitest';
import { completed, type Lockfile, missingFromLock, platformOf } from './lockfile.ts';

const lock: Lockfile = {
  packages: {
    '': {},
    'node_modules/a': {
      version: '1.0.0',
      optionalDependencies: { '@a/linux-x64-gnu': '1.0.0', '@a/darwin-arm64': '1.0.0' },
    },
    'node_modules/@a/linux-x64-gnu': { version: '1.0.0' },
  },
};

test('a platform package that npm left out is found and added, so that npm ci accepts the lockfile', () => {
  expect(missingFromLock(lock)).toEqual([{ name: '@a/darwin-arm64', version: '1.0.0', wantedBy: 'node_modules/a' }]);
  const whole = completed(lock);
  expect(missingFromLock(whole)).toEqual([]);
  expect(whole.packages['node_modules/@a/darwin-arm64']).toEqual({
    version: '1.0.0',
    os: ['darwin'],
    cpu: ['arm64'],
    optional: true,
  });
});

test('a package nested beside its dependant counts as locked', () => {
  const nested: Lockfile = {
    packages: {
      'node_modules/a/node_modules/b': { optionalDependencies: { c: '1.0.0' } },
      'node_modules/a/node_modules/c': { version: '1.0.0' },
    },
  };
  expect(missingFromLock(nested)).toEqual([]);
});

test('a name that tells no platform is refused, not guessed', () => {
  expect(platformOf('@swc/core-linux-arm-gnueabihf')).toEqual({ os: ['linux'], cpu: ['arm'] });
  expect(platformOf('@oxlint/binding-linux-x64-musl')).toEqual({ os: ['linux'], cpu: ['x64'], libc: ['musl'] });
  expect(platformOf('cpu-features')).toBeNull();
});
