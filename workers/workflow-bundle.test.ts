import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundleWorkflows } from './workflow-bundle.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bundle-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const kept = (): string[] => globSync('workflows-*', { cwd: dir });

it('is kept for the next start, which takes it as it is', async () => {
  const made = await bundleWorkflows(dir);
  expect(made.code).toContain('issueRun');
  const [name = ''] = kept();
  expect(await bundleWorkflows(dir)).toEqual(made);

  writeFileSync(join(dir, name), JSON.stringify({ code: 'as kept', sourceMap: '' }));
  expect(await bundleWorkflows(dir)).toEqual({ code: 'as kept', sourceMap: '' });
});

it('is made again where what was kept cannot be read, and only the newest few are kept', async () => {
  const made = await bundleWorkflows(dir);
  const [name = ''] = kept();
  writeFileSync(join(dir, name), readFileSync(join(dir, name), 'utf8').slice(0, 1_000));
  for (let at = 0; at < 6; at += 1) writeFileSync(join(dir, `workflows-old-${at}.json`), '');
  expect((await bundleWorkflows(dir)).code).toBe(made.code);
  expect(kept()).toContain(name);
  expect(kept()).toHaveLength(4);
});

it('is made where nothing can be kept', async () => {
  const file = join(dir, 'a-file');
  writeFileSync(file, '');
  expect((await bundleWorkflows(join(file, 'cache'))).code).toContain('issueRun');
});
