/** A model or remote that is not to be had, as the operator meets it: `runs`, `show`, `doctor` and the pages all give the reason. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { troubleKey } from '../activities/run/read-trouble.ts';
import type { Trouble } from '../domain/trouble.ts';
import { seedRun, startApiServer, type ApiServer } from '../test/setup/api-server.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const WHY = 'the model is not to be had: unreachable: connect ECONNREFUSED 127.0.0.1:9';
let api: ApiServer;

beforeAll(async () => {
  api = await startApiServer();
  await seedRun(api.store, 'waits-1');
  const at = Date.now() + 1_000;
  const trouble: Trouble = { why: WHY, since: at - 30_000, at, times: 4 };
  await api.store.control.setFact(troubleKey('waits-1'), trouble, at);
});
afterAll(() => api.close());

function lamplighter(...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args, '--data-dir', api.dataDir], (_error, stdout) => resolve(stdout));
  });
}

it.each([['runs'], ['show', 'waits-1'], ['doctor']])('%s says why the run does not get on', async (...args) => {
  expect(await lamplighter(...args)).toContain('does not get on: the model is not to be had: unreachable');
});

it('show says how often, and since when', async () => {
  expect(await lamplighter('show', 'waits-1')).toContain('(tried 4 times in 30 s, and again by itself)');
});

it.each(['/', '/runs/waits-1'])('the page %s says it too', async (path) => {
  expect(await (await fetch(`${api.url}${path}`)).text()).toContain(WHY);
});

it('doctor does not call that ready', async () => {
  const said = await lamplighter('doctor');
  expect(said).toMatch(/bad +run acme\/shop#3 /);
  expect(said).toMatch(/see to: .*run acme\/shop#3|not ready: /);
});
