/** Facts 5.3 and 5.9: the guest's SSH port as its sign of life. A connection proves nothing, the banner's bytes do. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { turns } from './turns.ts';

const open: Server[] = [];
const sockets = new Set<Socket>();
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of open.splice(0)) {
    server.close();
    await once(server, 'close');
  }
});

/** A listener that says this to whoever comes, or nothing. */
async function listener(says: string | null): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    if (says !== null) socket.write(says);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** Nobody listens there: it was given out to us and given back. */
async function refused(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

describe('5.3: the banner of the guest', sideBySide, () => {
  // Where time is measured, no crowd of our own may be what takes it.
  const inTurn = turns(2);

  it.each([
    ['an SSH server', () => listener('SSH-2.0-OpenSSH_9.2\r\n'), 'yes', 'responding'],
    [
      'a listener that is silent, as a wedged guest or a forwarder is',
      () => listener(null),
      'no',
      'guest_service_down',
    ],
    ['a listener that is no SSH server', () => listener('220 mail\r\n'), 'no', 'guest_service_down'],
    ['a closed port', refused, 'no', 'guest_service_down'],
  ] as const)('of %s, with an agent that answers', async (_what, address, banner, expected) => {
    const host = await fakeHost({ guest_ssh: await address() });
    const { status, took } = await inTurn(async () => {
      const started = performance.now();
      const { status } = (await call(host, 'ro', 'status')).document();
      return { status, took: performance.now() - started };
    });

    expect(status).toMatchObject({ banner, class: expected });
    expect(took).toBeLessThan(8_000);
  });

  it('is enough for a cycle of a guest without an agent', async () => {
    const host = await fakeHost({ guest_ssh: await listener('SSH-2.0-dropbear\r\n') });
    host.fault('agent-dead');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
  });

  it('that stays out leaves the result unknown, however well the connection was', async () => {
    const host = await fakeHost({ guest_ssh: await listener(null), guest_budget: 1 });
    host.fault('agent-dead');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'unknown',
      reason: 'power_ok_guest_unknown',
    });
  });
});
