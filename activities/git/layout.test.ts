import { expect, test } from 'vitest';
import { repoLayout, runLayout } from './layout.ts';

test('a key or run id that could climb out of its folder, or that git refuses in a ref, is an error', () => {
  for (const bad of ['', '..', '../x', 'a/b', '.hidden', 'a..b', 'x.lock', 'x.', '-x', 'a b', 'a\0']) {
    expect(() => runLayout('/data', bad), bad).toThrow("can't name a folder");
    expect(() => repoLayout('/data', bad), bad).toThrow("can't name a folder");
  }
  expect(runLayout('/data', 'shop-7-k3x.1').outbox).toBe('/data/runs/shop-7-k3x.1/outbox');
});
