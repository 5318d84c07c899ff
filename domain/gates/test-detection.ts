/**
 * Production code that asks whether a test runner is watching: by the variables and modules that only runners bring. `CI` is
 * not among them, because much honest code reads it. By file name, on one added line; code that asks in another way passes,
 * and docs/what-is-not-proven.md says so.
 */
const CODE = /\.(?:[cm]?[jt]sx?|vue|svelte|py|go|rs|rb|php|java|kt|cs|sh)$/;

const RUNNER_VARIABLE =
  /\b(?:NODE_TEST_CONTEXT|NODE_TEST_WORKER_ID|VITEST(?:_WORKER_ID|_POOL_ID|_MODE)?|JEST_WORKER_ID|PYTEST_CURRENT_TEST|PYTEST_VERSION|PYTEST_XDIST_WORKER|NEXTEST(?:_RUN_ID)?)\b/;
/** What a line says when it reads the environment rather than names a variable. */
const ENVIRONMENT = /env\b|environ\b|getenv|\bLookupEnv\b|^\s*(?:if|while|test|\[).*\$/i;

const RUNNER_LOADED: readonly { readonly files: RegExp; readonly mark: RegExp }[] = [
  { files: /\.py$/, mark: /["'](?:_?pytest|unittest)["']\s+(?:not\s+)?in\s+(?:sys\.)?modules\b/ },
  { files: /\.py$/, mark: /\bsys\.modules(?:\.get\(|\[)\s*["'](?:_?pytest|unittest)["']/ },
  { files: /(?<!_test)\.go$/, mark: /\btesting\.Testing\(\)|\bflag\.Lookup\(\s*"test\./ },
];

/** What the added line asks, or null. */
export function testDetection(path: string, text: string, isTest: boolean): string | null {
  if (isTest || !CODE.test(path)) return null;
  const variable = RUNNER_VARIABLE.exec(text)?.[0];
  if (variable !== undefined && (ENVIRONMENT.test(text) || path.endsWith('.sh'))) return variable;
  for (const { files, mark } of RUNNER_LOADED) {
    const found = files.test(path) ? mark.exec(text) : null;
    if (found !== null) return found[0];
  }
  return null;
}
