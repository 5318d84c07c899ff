import { expect, it } from 'vitest';
import { createReferences } from './secrets.ts';
import { resolveDeploy, writtenDeploy } from './watchers.ts';

it('is one deploy of the keys of all kinds of watchers, each resolved by its own', () => {
  const refs = createReferences({ folder: '/', env: { TOKEN: 't0ken' }, fail: (_at, what) => expect.fail(what) });
  const written = writtenDeploy.parse({
    command: './deploy',
    env: { TOKEN: { env: 'TOKEN' } },
    health: { url: 'http://127.0.0.1:1/', version: 'body' },
  });

  expect(resolveDeploy(written, refs, ['deploy'])).toEqual({
    command: './deploy',
    timeoutSeconds: 600,
    env: { TOKEN: 't0ken' },
    health: { url: 'http://127.0.0.1:1/', version: 'body', times: 3, everySeconds: 1, timeoutSeconds: 5 },
  });
});

it('refuses a key that no kind of watcher has', () => {
  expect(writtenDeploy.safeParse({ comand: './deploy' }).success).toBe(false);
});
