import { describe, expect, it } from 'vitest';
import { testDetection } from './test-detection.ts';

describe('production code that asks for a test runner', () => {
  it.each([
    ['src/a.js', 'if (process.env.VITEST) return 3;', 'VITEST'],
    ['src/a.ts', "const inTest = 'NODE_TEST_CONTEXT' in process.env;", 'NODE_TEST_CONTEXT'],
    ['src/a.ts', 'const { JEST_WORKER_ID } = process.env;', 'JEST_WORKER_ID'],
    ['src/a.mts', "import.meta.env['VITEST_POOL_ID']", 'VITEST_POOL_ID'],
    ['calc.py', 'if os.environ.get("PYTEST_CURRENT_TEST"):', 'PYTEST_CURRENT_TEST'],
    ['calc.py', "    if os.getenv('PYTEST_VERSION'):", 'PYTEST_VERSION'],
    ['calc.py', 'if "pytest" in sys.modules:', '"pytest" in sys.modules'],
    ['calc.py', 'runner = sys.modules.get("_pytest")', 'sys.modules.get("_pytest"'],
    ['cart.go', '\tif testing.Testing() {', 'testing.Testing()'],
    ['cart.go', '\tif flag.Lookup("test.v") != nil {', 'flag.Lookup("test.'],
    ['src/lib.rs', 'if std::env::var("NEXTEST").is_ok() {', 'NEXTEST'],
    ['bin/start.sh', 'if [ -n "$VITEST" ]; then', 'VITEST'],
  ])('is known by it: %s %s', (path, text, expected) => {
    expect(testDetection(path, text, false)).toBe(expected);
  });

  it.each([
    ['src/a.js', 'if (process.env.CI) quiet();'],
    ['src/a.js', "const debug = process.env.NODE_ENV === 'test';"],
    ['src/names.ts', "export const RUNNERS = ['VITEST', 'JEST_WORKER_ID'];"],
    ['src/a.js', '// runs under vitest as well'],
    ['README.md', 'Reads process.env.VITEST.'],
    ['calc.py', 'import unittest.mock'],
    ['cart_test.go', 'if testing.Testing() {'],
  ])('is not what only looks like it: %s %s', (path, text) => {
    expect(testDetection(path, text, false)).toBeNull();
  });

  it('is not a test that asks', () => {
    expect(testDetection('test/a.js', 'assert(process.env.NODE_TEST_CONTEXT)', true)).toBeNull();
  });
});
