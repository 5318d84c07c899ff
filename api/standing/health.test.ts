import { afterEach, expect, it } from 'vitest';
import type { WatchdogStanding } from '../../activities/watchdog/watchdog.ts';
import type { Finding } from '../../domain/watchdog/condition.ts';
import { startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import type { Health } from '../http/engine.ts';
import type { StatusView } from '../views/view.ts';

let server: ApiServer;
afterEach(() => server.close());

const FINDING: Finding = {
  key: 'worker/one',
  topic: 'worker-unseen',
  since: 1,
  limitMs: 1,
  needsWatch: true,
  reminds: false,
  run: null,
  repo: null,
  text: 'worker one hangs',
  why: 'runs stand still',
  remedy: 'end it',
  escalation: 'watchdog/worker/one/1',
};
const WELL: WatchdogStanding = { lookedAt: 1, failure: null, findings: [], ping: null };

async function ask(
  standing: WatchdogStanding,
): Promise<{ readonly code: number; readonly health: Health; readonly status: StatusView }> {
  server = await startApiServer({ watchdog: () => standing });
  const health = await fetch(`${server.url}/healthz`);
  const status = await fetch(`${server.url}/api/status`);
  return { code: health.status, health: (await health.json()) as Health, status: (await status.json()) as StatusView };
}

const ill = ({ health }: { readonly health: Health }): unknown => health.parts.filter((part) => !part.ok);

it('every part is well while the watchdog sees nothing', async () => {
  const answer = await ask(WELL);

  expect([answer.code, ill(answer)]).toEqual([200, []]);
  expect(answer.health.parts.map((part) => part.name)).toEqual([
    'store',
    'watchdog',
    'worker',
    'poller',
    'temporal',
    'disk',
  ]);
});

it('a part that the watchdog misses is ill, with what to do', async () => {
  const answer = await ask({ ...WELL, findings: [FINDING] });

  expect([answer.code, ill(answer)]).toEqual([
    503,
    [{ name: 'worker', ok: false, detail: 'worker one hangs. What to do: end it' }],
  ]);
  expect(answer.status.parts).toEqual(answer.health.parts);
});

it('a run that waits too long is a notice, and no part is ill for it', async () => {
  const finding: Finding = { ...FINDING, topic: 'frozen', text: 'run r is still frozen', why: 'its lane is held' };
  const answer = await ask({ ...WELL, findings: [finding] });

  expect(answer.code).toBe(200);
  expect(answer.status.notices).toContainEqual({ text: 'run r is still frozen: its lane is held', remedy: 'end it' });
});

it('a watchdog that cannot look, and a ping that does not arrive, are parts too', async () => {
  const ping = { ok: false, at: 1, detail: 'the dead-man service answered 410' };
  const answer = await ask({ ...WELL, failure: 'the database is locked', ping });

  expect([answer.code, ill(answer)]).toEqual([
    503,
    [
      { name: 'watchdog', ok: false, detail: 'cannot look: the database is locked' },
      { name: 'ping', ok: false, detail: 'the dead-man service answered 410' },
    ],
  ]);
});
