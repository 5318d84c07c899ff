import { describe, expect, it } from 'vitest';
import type { Files } from './init-rig.ts';
import { remedyFor } from './remedy.ts';
import { findSuites } from './suites.ts';
import type { Suite, Tools } from './suite.ts';

const TOOLS: Tools = { pytest: true, pnpm: true, cargo: 'stable' };

function look(files: Files, tools: Partial<Tools> = {}): ReturnType<typeof findSuites> {
  return findSuites({ files: Object.keys(files), read: (path) => files[path] ?? null }, { ...TOOLS, ...tools });
}

function only(files: Files, tools: Partial<Tools> = {}): Suite {
  const { suites } = look(files, tools);
  if (suites.length !== 1 || suites[0] === undefined) throw new Error(`${suites.length} suites were found`);
  return suites[0];
}

const node = (manifest: object, more: Files = {}): Files => ({ 'package.json': JSON.stringify(manifest), ...more });

describe('a Node folder', () => {
  it.each([
    [
      'node --test src/',
      'node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" src/',
      'junit',
    ],
    [
      'node --test --test-reporter spec',
      'node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"',
      'junit',
    ],
    ['vitest', 'npx vitest run --reporter=junit --outputFile="$LAMPLIGHTER_REPORT"', 'junit'],
    ['ava', 'npx ava --tap > "$LAMPLIGHTER_REPORT"', 'tap'],
    ['jest', 'npm test', 'exit-code'],
    [
      'eslint . && tsc && node --test && ./more.sh',
      'npx tsc && node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" && npx eslint . && ./more.sh',
      'junit',
    ],
    ['c8 --100 --reporter lcov tape test/*.js', 'npx tape test/*.js > "$LAMPLIGHTER_REPORT"', 'tap'],
    ['tape "test/**/*.js" | tap-spec', 'npx tape "test/**/*.js" > "$LAMPLIGHTER_REPORT"', 'tap'],
    ['standard && tape test | npx faucet', 'npx tape test > "$LAMPLIGHTER_REPORT" && npx standard', 'tap'],
    [
      'tap test/*.js --100 -R spec',
      'npx tap --reporter=tap --disable-coverage test/*.js > "$LAMPLIGHTER_REPORT"',
      'tap',
    ],
    ['vitest & sleep 1', 'npm test', 'exit-code'],
    ['make check', 'npm test', 'exit-code'],
  ])('whose test script is `%s` is tested by `%s`', (script, test, report) => {
    expect(only(node({ scripts: { test: script } }))).toMatchObject({ test, report });
  });

  it.each([
    ['node test', { tape: '^5.0.0' }, 'node test > "$LAMPLIGHTER_REPORT"'],
    ['tsx test.ts', { tape: '5' }, 'npx tsx test.ts > "$LAMPLIGHTER_REPORT"'],
    ['tap --no-check-coverage', { tap: '~16.3.0' }, 'npx tap --reporter=tap --no-coverage > "$LAMPLIGHTER_REPORT"'],
  ])('whose test script is `%s`, with %j, is read as TAP by `%s`', (script, devDependencies, test) => {
    expect(only(node({ scripts: { test: script }, devDependencies }))).toMatchObject({ test, report: 'tap' });
  });

  const REPORTS = '--reporter=junit --outputFile="$LAMPLIGHTER_REPORT"';
  const JEST = 'JEST_JUNIT_OUTPUT_FILE="$LAMPLIGHTER_REPORT" npx jest --ci --reporters=default --reporters=jest-junit';
  const MOCHA = 'npx mocha --reporter xunit --reporter-option output="$LAMPLIGHTER_REPORT"';
  const NODE = '--test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"';
  it.each([
    ['cross-env NODE_ENV=test vitest', `NODE_ENV=test npx vitest run ${REPORTS}`],
    ['env CI=1 TZ=UTC vitest run src --coverage', `CI=1 TZ=UTC npx vitest run ${REPORTS} src`],
    ['vitest --config a.ts --reporter verbose', `npx vitest run ${REPORTS} --config a.ts`],
    ['NODE_OPTIONS=--experimental-vm-modules jest', `NODE_OPTIONS=--experimental-vm-modules ${JEST}`],
    ['jest --watchAll=false --coverage -w 4 src', `${JEST} -w 4 src`],
    ['mocha -R dot -r tsx "src/**/*.spec.ts" --watch', `${MOCHA} -r tsx "src/**/*.spec.ts"`],
    ['TZ=UTC mocha --reporter-options a=b lib/tests', `TZ=UTC ${MOCHA} lib/tests`],
    ['cross-env A=b node --test', `A=b node ${NODE}`],
    ['tsx --test src/*.ts', `npx tsx ${NODE} src/*.ts`],
  ])('whose test script is `%s` keeps what it asks of its runner: `%s`', (script, test) => {
    const devDependencies = { 'jest-junit': '17' };
    expect(only(node({ scripts: { test: script }, devDependencies }))).toMatchObject({ test, report: 'junit' });
  });

  it.each([
    'cross-env NODE_ENV=test tape test/*.js',
    'npx cross-env NODE_ENV=test tape test/*.js | tap-spec',
    'NODE_ENV=test tape test/*.js 2>&1 | ./node_modules/.bin/tap-spec',
    'NODE_ENV=test tape test/*.js | npx --no-install faucet',
  ])('whose test script is `%s` is read as TAP, with its variables', (script) => {
    const test = 'NODE_ENV=test npx tape test/*.js > "$LAMPLIGHTER_REPORT"';
    expect(only(node({ scripts: { test: script }, devDependencies: { tape: '5' } }))).toMatchObject({ test });
  });

  it('whose script calls a file of tests by its name says that guard keeps that file', () => {
    const { notes } = only(node({ scripts: { test: 'node test.js' }, devDependencies: { tape: '5' } }));
    expect(notes.join()).toContain('(`node test.js`): guard takes it for the runner');
  });

  it.each([
    ['package-lock.json', 'npm ci'],
    ['pnpm-lock.yaml', 'pnpm install --frozen-lockfile'],
    ['README.md', 'npm install'],
  ])('with dependencies and %s is set up by `%s`', (file, setup) => {
    const manifest = { dependencies: { a: '1' }, scripts: { test: 'vitest run' } };
    expect(only(node(manifest, { [file]: '' })).setup).toBe(setup);
  });

  const V1 = '# yarn lockfile v1\n';
  const V8 = '__metadata:\n  version: 8\n';
  it.each([
    ['pnpm@9.15.0+sha512.0a', { 'pnpm-lock.yaml': '' }, 'npx -y pnpm@9.15.0 install --frozen-lockfile'],
    ['yarn@1.22.19', { 'yarn.lock': V1 }, 'npx -y yarn@1.22.19 install --frozen-lockfile'],
    ['yarn@4.5.0', { 'yarn.lock': V8 }, 'npx -y -p @yarnpkg/cli-dist@4.5.0 yarn install --immutable'],
    ['bun@1.2.20', { 'bun.lock': '' }, 'npx -y bun@1.2.20 install --frozen-lockfile'],
    ['pnpm@9.15.0', { 'package-lock.json': '' }, 'npx -y pnpm@9.15.0 install --no-frozen-lockfile'],
    [undefined, { 'yarn.lock': V1 }, 'npx -y yarn@1 install --frozen-lockfile'],
    [undefined, { 'yarn.lock': V8 }, 'npx -y -p @yarnpkg/cli-dist@4 yarn install --immutable'],
    [undefined, { 'bun.lockb': '' }, 'npx -y bun@1 install --frozen-lockfile'],
    [undefined, { 'pnpm-lock.yaml': "lockfileVersion: '6.0'\n" }, 'npx -y pnpm@8 install --frozen-lockfile'],
    [
      'yarn@3.6.4',
      {
        'yarn.lock': V8,
        '.yarnrc.yml': 'nodeLinker: node-modules\nyarnPath: .yarn/releases/yarn-3.6.4.cjs\n',
      },
      'node .yarn/releases/yarn-3.6.4.cjs install --immutable',
    ],
  ])('whose manager is %s beside %j is set up by `%s`, whatever PATH has', (packageManager, files, setup) => {
    const manifest = { packageManager, dependencies: { a: '1' }, scripts: { test: 'vitest', build: 'tsc' } };
    const suite = only(node(manifest, files), { pnpm: false });
    expect(suite.setup).toBe(setup);
    expect(suite.build).toBe(`${setup.replace(/ install.*/, '')} run build`);
  });

  it.each([
    [{ packageManager: 'pnpm@9.15.0', devEngines: { packageManager: [{ name: 'pnpm' }] } }, 'npx -y pnpm@9.15.0'],
    [{ devEngines: { packageManager: [{ name: 'deno' }, { name: 'pnpm', version: '9.15.0' }] } }, 'npx -y pnpm@9.15.0'],
    [{ packageManager: 'pnpm@9.15.0', devEngines: { packageManager: 'pnpm' } }, 'npx -y pnpm@9.15.0'],
    [{ packageManager: 7, devEngines: { packageManager: { name: 'pnpm', version: '9.15.0' } } }, 'npx -y pnpm@9.15.0'],
    [{ packageManager: 'yarn@https://repo.example.org/yarn-4.js' }, 'npx -y -p @yarnpkg/cli-dist@4 yarn'],
  ])('whose manifest says %j is set up by %s, however it is written', (manifest, call) => {
    const files = { 'pnpm-lock.yaml': '', 'yarn.lock': V8 };
    const suite = only(node({ ...manifest, dependencies: { a: '1' }, scripts: { test: 'vitest' } }, files));
    expect(suite.setup?.startsWith(`${call} install`)).toBe(true);
  });

  it('of Plug’n’Play is tested through yarn, which alone finds its packages', () => {
    const manifest = {
      packageManager: 'yarn@4.5.0',
      scripts: { test: 'tsc && vitest' },
      devDependencies: { vitest: '3' },
    };
    expect(only(node(manifest, { 'yarn.lock': V8 })).test).toBe(
      'npx -y -p @yarnpkg/cli-dist@4.5.0 yarn run tsc && npx -y -p @yarnpkg/cli-dist@4.5.0 yarn run vitest run --reporter=junit --outputFile="$LAMPLIGHTER_REPORT"',
    );
  });

  it('whose tests Bun runs itself is refused by name, with what to do', () => {
    const { suites, notes } = look(
      node({ packageManager: 'bun@1.2.20', scripts: { test: 'bun test' } }, { 'a.test.ts': '' }),
    );
    expect(suites).toEqual([]);
    expect(notes.join()).toMatch(/run by `bun test`, which does not start with the 4 GB .* run by vitest or node:test/);
  });

  it('is tested by what its script comes to: scripts behind npm run, `pretest` before, coverage left to the build', () => {
    const scripts = {
      test: 'npm run test:unit && npm run test:types',
      'test:unit': 'c8 --100 node --test',
      'test:types': 'tsd',
      pretest: 'npm run build',
      build: 'tsc',
    };
    const suite = only(node({ scripts }));
    expect(suite.test).toBe(
      'npm run pretest && node --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT" && npx tsd',
    );
    expect(suite.notes.join()).toContain('leaves coverage out');
  });

  it('whose scripts call each other for ever is tested by npm test', () => {
    expect(only(node({ scripts: { test: 'npm run a', a: 'npm test' } })).test).toBe('npm test');
  });

  it('of a workspace is set up where the lockfile is', () => {
    const files = {
      'package.json': '{ "workspaces": ["packages/*"] }',
      'package-lock.json': '{}',
      'packages/a/package.json': '{ "scripts": { "test": "vitest" }, "devDependencies": { "vitest": "1" } }',
    };
    expect(only(files)).toMatchObject({ dir: 'packages/a', setup: 'cd ../.. && npm ci' });
  });

  it.each([
    'npm -ws test',
    'npm test --workspaces --if-present',
    'eslint . && pnpm -r test',
    'pnpm --filter "./packages/**" run test',
    'yarn workspaces foreach -A run test',
    'lerna run test',
    'turbo run test',
    'nx run-many -t test',
  ])('whose script `%s` only runs the packages’ tests is no check beside theirs', (script) => {
    const files = {
      'package.json': JSON.stringify({ workspaces: ['packages/*'], scripts: { test: script } }),
      'packages/a/package.json': '{ "scripts": { "test": "node --test" } }',
      'packages/b/package.json': '{ "scripts": { "test": "node --test" } }',
    };
    const { suites, notes } = look(files);
    expect(suites.map(({ dir }) => dir)).toEqual(['packages/a', 'packages/b']);
    expect(notes.join()).toContain('The test script of package.json only runs the packages’ own');
  });

  it('whose script runs packages and tests of its own is a check', () => {
    const files = {
      'package.json': '{ "scripts": { "test": "node --test && npm -ws test" } }',
      'packages/a/package.json': '{ "scripts": { "test": "node --test" } }',
    };
    expect(look(files).suites.map(({ dir }) => dir)).toEqual(['.', 'packages/a']);
  });

  it('whose vitest runs a whole workspace speaks for packages without a script, and knows their tests', () => {
    const files = {
      'package.json': '{ "scripts": { "test": "vitest run" }, "devDependencies": { "vitest": "3" } }',
      'pnpm-lock.yaml': '',
      'packages/a/package.json': '{ "name": "a" }',
      'packages/a/src/a.test.ts': '',
      'packages/b/package.json': '{ "name": "b" }',
      'packages/b/test/b.ts': '',
    };
    const suite = only(files);
    expect(suite).toMatchObject({ dir: '.', report: 'junit' });
    expect(suite.globs).toEqual(expect.arrayContaining(['**/test/**', '**/*.{test,spec}.*']));
  });

  it('with npm’s placeholder for a test script and no test is none', () => {
    expect(look(node({ scripts: { test: 'echo "Error: no test specified" && exit 1' } })).suites).toEqual([]);
  });

  it('whose manifest cannot be read is named', () => {
    const { suites, notes } = look({ 'package.json': '{', 'test/a.test.js': '' });
    expect(suites).toEqual([]);
    expect(notes.join()).toContain('package.json is not a package manifest');
  });
});

describe('a Python folder', () => {
  it('gets an environment of its own where something must be installed', () => {
    const files = { 'requirements.txt': 'six\n', 'requirements-dev.txt': '# none\n', 'test_a.py': '' };
    expect(only(files)).toMatchObject({
      setup:
        "python3 -m venv .venv && echo '*' > .venv/.gitignore && .venv/bin/pip install -q -r requirements.txt pytest",
      test: '.venv/bin/python -m pytest -q --junitxml="$LAMPLIGHTER_REPORT"',
    });
  });

  it('is installed itself when its package is in src/', () => {
    const files = { 'pyproject.toml': '[project]\nname = "a"\n', 'src/a.py': '', 'tests/test_a.py': '' };
    expect(only(files).setup).toContain('install -q -e . pytest');
  });

  it.each([
    ['[project]\nname = "a"\ndependencies = ["six"]\n', 'install -q -e . pytest'],
    ['[project]\nname = "a"\noptional-dependencies.tests = ["six"]\n', "install -q -e '.[tests]' pytest"],
    [
      '[project]\nname = "a"\n[dependency-groups]\ndev = ["six"]\n',
      "install -q 'pip>=25.1' && .venv/bin/pip install -q --group dev pytest",
    ],
    [
      '[build-system]\nrequires = ["hatch-vcs"]\n[project]\ndependencies = [\n  # six\n  "six",\n]\n',
      'SETUPTOOLS_SCM_PRETEND_VERSION=0 .venv/bin/pip install -q -e . pytest',
    ],
    ['not toml at all', null],
  ])('whose pyproject.toml says %j is set up by %j', (toml, setup) => {
    const found = only({ 'pyproject.toml': toml, 'tests/test_a.py': '' }).setup;
    if (setup === null) expect(found).toBeNull();
    else expect(found).toContain(setup);
  });

  it('is told by setup.py and setup.cfg too', () => {
    const setupPy = "install_requires = ['six']\nsetup(name='a', install_requires=install_requires)\n";
    expect(only({ 'setup.py': setupPy, 'test_a.py': '' }).setup).toContain('-e . pytest');
    const cfg = '[options]\npy_modules = a\n\n[options.extras_require]\ntest =\n  six\n';
    expect(only({ 'setup.cfg': cfg, 'test_a.py': '' }).setup).toContain("-e '.[test]' pytest");
  });

  it('has its tests where testpaths says, whatever the file is called', () => {
    const toml = '[tool.pytest.ini_options]\ntestpaths = ["test.py"]\n';
    expect(only({ 'pyproject.toml': toml, 'test.py': '' }).globs).toEqual(['test.py', '**/conftest.py']);
  });

  it('needs no setup where the toolchain has pytest, and one where it has not', () => {
    expect(only({ 'tests/test_a.py': '' }).setup).toBeNull();
    expect(only({ 'tests/test_a.py': '' }, { pytest: false }).setup).toContain('pip install -q pytest');
  });
});

describe('compiled languages', () => {
  const go = { 'go.mod': 'module a\n\nrequire b v1.0.0\n', 'a_test.go': '' };

  it("draft what Go's own tool reports", () => {
    expect(only(go)).toMatchObject({ report: 'go-json', setup: 'go mod download', notes: [] });
  });

  it('download nothing where modules are vendored', () => {
    expect(only({ ...go, 'vendor/modules.txt': '', 'vendor/b/b_test.go': '' }).setup).toBeNull();
  });

  it('speak for the folders below: one check for a Cargo workspace, one for a Maven build', () => {
    const cargo = { 'Cargo.toml': '[workspace]', 'a/Cargo.toml': '[package]', 'a/tests/a.rs': '' };
    expect(only(cargo)).toMatchObject({ dir: '.', setup: 'cargo fetch', report: 'exit-code' });
    expect(only(cargo, { cargo: 'nightly' })).toMatchObject({ report: 'cargo-json' });
    expect(only(cargo, { cargo: 'nextest' })).toMatchObject({
      report: 'cargo-json',
      test: expect.stringContaining('cargo nextest run --workspace') as string,
    });
    const maven = only({ 'pom.xml': '', 'a/pom.xml': '', 'a/src/test/java/A.java': '' });
    expect(maven.notes.join()).toMatch(/Surefire writes one JUnit file for each class.*cannot download yet/);
  });
});

describe('several folders', () => {
  it('are found by their manifests, fixtures and vendored ones left out', () => {
    const files = {
      'web/package.json': '{ "scripts": { "test": "node --test" } }',
      'web/node_modules/a/package.json': '{ "scripts": { "test": "node --test" } }',
      'api/pyproject.toml': '',
      'api/tests/test_a.py': '',
      'api/tests/fixtures/go.mod': '',
      'api/tests/fixtures/a_test.go': '',
      'app/build.gradle': '',
    };
    const { suites, notes } = look(files);
    expect(suites.map(({ dir, language }) => `${dir} ${language}`)).toEqual(['api python', 'web node']);
    expect(notes.join()).toContain('app/build.gradle');
  });
});

describe('the likely remedy', () => {
  it.each([
    ["ModuleNotFoundError: No module named 'requests'", 'requests is missing'],
    ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from", 'zod is missing'],
    ['getaddrinfo ENOTFOUND packages.example.org', '`network`'],
    ['dial unix /var/run/docker.sock: connect: no such file', 'wants Docker, which the sandbox does not give'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'database'],
    ['/bin/sh: 1: tox: not found', 'tox is not in the sandbox'],
    ['sh: 1: pnpm: not found', 'pnpm is not in the sandbox'],
  ])('of %s says: %s', (log, said) => {
    expect(remedyFor(log, [])).toContain(said);
  });

  it('names the hosts that were refused before all else, and nothing where nothing is known', () => {
    expect(remedyFor("No module named 'a'", ['a.example.org'])).toContain('a.example.org');
    expect(remedyFor('expected 3, got 4', [])).toBeNull();
  });
});
