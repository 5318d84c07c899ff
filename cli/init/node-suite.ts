/** A folder with a package.json: which runner its test script calls, and how that one writes a report. */
import { relative } from 'node:path/posix';
import { z } from 'zod';
import { around, partsOf, withoutCoverage } from './node-script.ts';
import type { Folder, FoundSuite, Suite, Tools } from './suites.ts';

const manifest = z.object({
  scripts: z.record(z.string(), z.string()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
  workspaces: z.unknown().optional(),
});
type Manifest = z.infer<typeof manifest>;
type Runner = Pick<Suite, 'test' | 'report' | 'notes'>;

const TEST_FILE = /(^|\/)(test|tests|__tests__)\/.*\.[cm]?[jt]sx?$|[.-](test|spec)\.[cm]?[jt]sx?$/;
const SETTINGS =
  /^((vitest|jest|ava)\.config\.[cm]?[jt]s(on)?|vitest\.workspace\.[cm]?[jt]s|\.mocharc\.(c?js|json|ya?ml))$/;
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock'];

export function nodeSuite(folder: Folder, tools: Tools): FoundSuite | null {
  const parsed = parse(folder.read('package.json') ?? '{}');
  const where = folder.dir === '.' ? 'package.json' : `${folder.dir}/package.json`;
  if (parsed === null) return { note: `${where} is not a package manifest that can be read: add its check by hand.` };
  const script = parsed.scripts?.['test'] ?? null;
  const real = script !== null && !script.includes('no test specified') ? script : null;
  const tests = folder.files.filter((file) => TEST_FILE.test(file));
  if (real === null && tests.length === 0) return null;
  const runner = runnerOf(real, parsed);
  if (runner === null) {
    return { note: `${where} has test files and no test script, and its runner is unknown: add its check by hand.` };
  }
  const { setup, notes } = setupOf(folder, parsed, tools);
  const build = parsed.scripts?.['build'] === undefined ? plainTest(real) : 'npm run build';
  return {
    suite: {
      language: 'node',
      dir: folder.dir,
      setup,
      ...runner,
      globs: globsOf(tests),
      build,
      protect: folder.files.filter((file) => SETTINGS.test(file)),
      notes: [...runner.notes, ...notes],
    },
  };
}

function parse(text: string): Manifest | null {
  try {
    const parsed = manifest.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Null when nothing says how the tests are run. */
function runnerOf(script: string | null, given: Manifest): Runner | null {
  const { dependencies, devDependencies } = given;
  const has = (name: string): boolean => dependencies?.[name] !== undefined || devDependencies?.[name] !== undefined;
  if (script === null) {
    const name = ['vitest', 'jest', 'mocha', 'ava', 'tape'].find(has);
    return reporting(name === 'tape' ? 'tape "test/**/*.js"' : (name ?? 'node --test'), has);
  }
  const parts = partsOf(given.scripts ?? {}) ?? [];
  for (const [at, part] of parts.entries()) {
    const runner = reporting(withoutCoverage(part), has);
    if (runner === null) continue;
    const { before, after } = around(parts, at);
    const test = [...before, runner.test, ...after].join(' && ');
    return { ...runner, test, notes: [...runner.notes, ...coverageNote(parts)] };
  }
  const hint = /(^|[\s/])jest(\s|$)/.test(parts.join('\n'))
    ? 'add jest-junit to its devDependencies and run init again'
    : 'have it write junit or tap';
  return {
    test: 'npm test',
    report: 'exit-code',
    notes: [`The check by \`npm test\` knows only an exit code, which is weak: ${hint}.`],
  };
}

function coverageNote(parts: readonly string[]): string[] {
  return parts.every((part) => withoutCoverage(part) === part)
    ? []
    : [
        'The check leaves coverage out, because main’s own tests need not cover a change: only the build stage asks for it.',
      ];
}

/** Null when the part's runner is unknown, or writes nothing that can be read. */
function reporting(part: string, has: (name: string) => boolean): Runner | null {
  const junit = (test: string): Runner => ({ test, report: 'junit', notes: [] });
  const calls = (name: string): boolean => new RegExp(`^(\\w+=\\S+\\s+)*(npx )?(\\S*/)?${name}(\\s|$)`).test(part);
  if (calls('vitest')) return junit('npx vitest run --reporter=junit --outputFile="$LAMPLIGHTER_REPORT"');
  if (calls('jest') && has('jest-junit')) {
    return junit(
      'JEST_JUNIT_OUTPUT_FILE="$LAMPLIGHTER_REPORT" npx jest --ci --reporters=default --reporters=jest-junit',
    );
  }
  if (calls('mocha')) return junit('npx mocha --reporter xunit --reporter-option output="$LAMPLIGHTER_REPORT"');
  if (calls('ava')) return { test: 'npx ava --tap > "$LAMPLIGHTER_REPORT"', report: 'tap', notes: [] };
  if (calls('tape')) {
    const tape = part.replace(/^((?:\w+=\S+\s+)*)(npx )?\S*tape(?=\s|$)/, '$1npx tape');
    return { test: `${tape} > "$LAMPLIGHTER_REPORT"`, report: 'tap', notes: [] };
  }
  return /^(\w+=\S+\s+)*node\s(.*\s)?--test(\s|$)/.test(part) ? junit(withReporter(part)) : null;
}

function withReporter(command: string): string {
  return command
    .replaceAll(/\s--test-reporter(-destination)?[= ]\S+/g, '')
    .replace(/\s--test(?=\s|$)/, ' --test --test-reporter=junit --test-reporter-destination="$LAMPLIGHTER_REPORT"');
}

function plainTest(script: string | null): string {
  return script === null ? 'node --test' : 'npm test';
}

function setupOf(
  folder: Folder,
  { dependencies, devDependencies, workspaces }: Manifest,
  tools: Tools,
): { readonly setup: string | null; readonly notes: readonly string[] } {
  const none = [dependencies, devDependencies].every((group) => Object.keys(group ?? {}).length === 0);
  const lockedAt = folder.nearest(LOCKS);
  const lock = lockedAt?.name;
  if (none && workspaces === undefined) return { setup: null, notes: [] };
  const away = relative(folder.dir, lockedAt?.dir ?? folder.dir);
  const go = away === '' ? '' : `cd ${away} && `;
  if (lock === 'pnpm-lock.yaml') {
    const notes = tools.pnpm ? [] : ['The repo is installed by pnpm, which was not found on PATH: install it.'];
    return { setup: `${go}pnpm install --frozen-lockfile`, notes };
  }
  if (lock === 'yarn.lock') {
    const notes = ['The repo is installed by yarn; that its version knows --frozen-lockfile is a guess.'];
    return { setup: `${go}yarn install --frozen-lockfile`, notes };
  }
  if (lock !== undefined) return { setup: `${go}npm ci`, notes: [] };
  return {
    setup: 'npm install',
    notes: ['There is no lockfile, so each setup may install something else: commit one.'],
  };
}

/** Files of a test folder include its fixtures; tests beside the code are told by their names. */
function globsOf(tests: readonly string[]): string[] {
  const folders = ['test', 'tests', '__tests__'].filter((name) => tests.some((file) => file.startsWith(`${name}/`)));
  const loose = tests.filter((file) => !folders.some((name) => file.startsWith(`${name}/`)));
  const named = loose.length > 0 || tests.length === 0;
  return [
    ...folders.map((name) => `${name}/**`),
    ...(named ? ['**/*.{test,spec}.*', '**/*-test.*', '**/__tests__/**', '**/__snapshots__/**'] : []),
  ];
}
