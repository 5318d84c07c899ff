import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { cacheRoot } from './bin/bootstrap/temporal.mjs';

// Tests start the product's own processes by the hundred: what Node compiled once, types stripped, is kept, as `npm test` has it kept already.
process.env['NODE_COMPILE_CACHE'] ??= join(cacheRoot(process.env), 'compiled');

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: [...configDefaults.exclude, '**/fixtures/**', 'playground/**/repo/**'],
    pool: 'forks',
    // Two cores is what a small CI machine has; tests wait for real servers a third of their time. A fourth worker made the run no shorter.
    maxWorkers: 3,
    // Nobody waits for them but a test that hangs: no machine is so slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/setup/temporal.ts'],
    setupFiles: ['test/setup/cpu.ts'],
    // Only their own configuration decides what tests see: a developer's key must not reach a model from a test.
    env: { ANTHROPIC_API_KEY: '', NO_COLOR: '1' },
  },
});
