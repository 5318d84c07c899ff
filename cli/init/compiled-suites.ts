/** Go, Cargo and Maven: one command each, and the best report that the gates can read from it today. */
import type { Folder, FoundSuite, Suite, Tools } from './suite.ts';

export function goSuite(folder: Folder): FoundSuite | null {
  if (!folder.files.some((file) => file.endsWith('_test.go'))) return null;
  const needs = /^\s*(require\s|require\s*\()/m.test(folder.read('go.mod') ?? '');
  const vendored = folder.nearest(['vendor/modules.txt']) !== null;
  return {
    suite: {
      language: 'go',
      dir: folder.dir,
      setup: needs && !vendored ? 'go mod download' : null,
      test: 'go test -json ./... > "$LAMPLIGHTER_REPORT"',
      report: 'go-json',
      globs: ['**/*_test.go', '**/testdata/**'],
      build: 'go build ./... && go vet ./...',
      protect: [],
      notes: [],
    },
  };
}

export function cargoSuite(folder: Folder, { cargo }: Tools): FoundSuite | null {
  const toml = folder.read('Cargo.toml') ?? '';
  const dependencies = /^\[(workspace\.|dev-|build-)?dependencies(\.[\w-]+)?\]/m.test(toml);
  const { note, ...tested } = CARGO[cargo];
  return {
    suite: {
      language: 'cargo',
      dir: folder.dir,
      setup: dependencies || toml.includes('[workspace]') ? 'cargo fetch' : null,
      ...tested,
      globs: ['**/tests/**'],
      build: 'cargo build --workspace --offline',
      protect: folder.files.filter((file) => file === 'build.rs' || file.startsWith('.cargo/')),
      notes: [
        note,
        'Tests that stand inside src/ are no files of their own, so the red gate cannot lay them over main: have new tests in tests/.',
      ],
    },
  };
}

const NO_DOC_TESTS = 'The check of Cargo leaves the tests in documentation out: they are in no report.';

/** Each names what to know of it. */
const CARGO: Readonly<Record<Tools['cargo'], Pick<Suite, 'test' | 'report'> & { readonly note: string }>> = {
  nextest: {
    test: 'NEXTEST_EXPERIMENTAL_LIBTEST_JSON=1 cargo nextest run --workspace --offline --no-fail-fast --message-format libtest-json > "$LAMPLIGHTER_REPORT"',
    report: 'cargo-json',
    note: NO_DOC_TESTS,
  },
  nightly: {
    test: 'cargo test --workspace --offline --no-fail-fast --tests --message-format json -- -Z unstable-options --format json > "$LAMPLIGHTER_REPORT"',
    report: 'cargo-json',
    note: NO_DOC_TESTS,
  },
  stable: {
    test: 'cargo test --workspace --offline',
    report: 'exit-code',
    note: 'The check of Cargo knows only an exit code, which is weak: with cargo-nextest, a nightly toolchain, or an unstable option of libtest, it can be cargo-json (docs/contract.md).',
  },
};

export function mavenSuite(folder: Folder): FoundSuite | null {
  if (!folder.files.some((file) => /(^|\/)src\/test\//.test(file))) return null;
  return {
    suite: {
      language: 'maven',
      dir: folder.dir,
      setup: 'mvn -B -q -Dmaven.repo.local="$PWD/.m2" dependency:go-offline',
      test: 'mvn -B -q -o -Dmaven.repo.local="$PWD/.m2" test',
      report: 'exit-code',
      globs: ['**/src/test/**'],
      build: 'mvn -B -q -o -Dmaven.repo.local="$PWD/.m2" package -DskipTests',
      protect: folder.files.filter((file) => file.startsWith('.mvn/')),
      notes: [
        'The check of Maven knows only an exit code, which is weak: Surefire writes one JUnit file for each class, and the gates read one file.',
        'Maven does not read the variables of a proxy, which is the only way out of the sandbox: its setup cannot download yet. Commit a repository of what it needs, or leave this check out.',
      ],
    },
  };
}
