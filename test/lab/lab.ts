/**
 * A machine to break and to rescue by hand: a real QEMU with a real guest, the real script behind a real sshd with its three keys.
 *
 *   npm run lab -- devvm           starts it and says what to try; Ctrl-C ends all of it
 *   npm run lab -- wedge [NAME]    breaks the one that runs; without a name: the list
 */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { cacheRoot } from '../../bin/bootstrap/temporal.mjs';
import { instructions, wedgeList, writeLamplighterYaml, writeSshConfig } from './lab-words.ts';
import { type RealHost, startRealHost } from './real-host/real-host.ts';
import { type WedgeName, wedges } from './real-host/wedges.ts';
import { startLabSshd } from './sshd/sshd.ts';

const { values, positionals } = parseArgs({ options: { door: { type: 'string' } }, allowPositionals: true });
/** The socket at which the running lab hears of `wedge`: one a user, unless it is said otherwise. */
const door = values.door ?? join(cacheRoot(process.env), 'lab-guest', 'devvm.sock');

/** As on a host of its own, but for a person who tries one verb after another. */
const settings = {
  autonomy: 'evidence',
  stop_timeout: 20,
  block_sample: 10,
  memory_reserve_mb: 256,
  agent_cooldown: 600,
  agent_per_hour: 2,
};

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const [what = '', name = ''] = positionals;
  if (what === 'devvm') return await devvm();
  if (what === 'wedge' && name === '') {
    say(wedgeList());
    return 0;
  }
  if (what === 'wedge') return await askForWedge(name);
  process.stderr.write('Say one of: npm run lab -- devvm; npm run lab -- wedge [NAME]\n');
  return 2;
}

async function devvm(): Promise<number> {
  if (await greet()) {
    process.stderr.write('A machine of the lab runs already: end it with Ctrl-C in its terminal first.\n');
    return 1;
  }
  // From here on, whatever has been started when the person has had enough is ended. A terminal's Ctrl-C may come twice, once through npm.
  const { promise: enough, resolve: hadEnough } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => hadEnough());
  const closing: (() => Promise<void>)[] = [];
  try {
    say('The guest boots; the first time, Debian’s packages for it are fetched and put together.');
    const host = await startRealHost(settings, { vga: 'std' });
    closing.push(() => host.close());
    const sshd = await startLabSshd({ config: host.config });
    closing.push(() => sshd.close());
    const doorkeeper = await openDoor(host);
    closing.push(() => closeDoor(doorkeeper));
    say(instructions(host, writeSshConfig(host, sshd), writeLamplighterYaml(host, sshd)));
    const typed = createInterface({ input: process.stdin });
    closing.push(() => Promise.resolve(typed.close()));
    typed.on('line', (line) => void wedge(host, line.trim()).then(say));
    await enough;
  } finally {
    for (const close of closing.reverse()) await close();
  }
  say('All of it is gone.');
  return 0;
}

/** What came of it, in words. */
async function wedge(host: RealHost, name: string): Promise<string> {
  if (name === '') return '';
  if (!(name in wedges)) return `There is no wedge called ${name}.\n${wedgeList()}`;
  const chosen = wedges[name as WedgeName];
  try {
    await chosen.induce(host);
    return `Done: ${chosen.what}.`;
  } catch (error) {
    return `It could not be broken so (is it broken already?): ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Where `npm run lab -- wedge` in another terminal knocks. */
async function openDoor(host: RealHost): Promise<Server> {
  mkdirSync(dirname(door), { recursive: true });
  // Left behind by a lab that was killed: nobody answered there.
  rmSync(door, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket })
      .once('line', (line) => void wedge(host, line).then((said) => socket.end(`${said}\n`)))
      .on('error', () => socket.destroy());
  });
  server.listen(door);
  await once(server, 'listening');
  return server;
}

async function closeDoor(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

function greet(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(door);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function askForWedge(name: string): Promise<number> {
  const socket = connect(door);
  let said = '';
  socket.on('data', (chunk) => (said += chunk.toString()));
  try {
    await once(socket, 'connect');
  } catch {
    process.stderr.write('No machine of the lab runs here: start it with npm run lab -- devvm\n');
    return 1;
  }
  socket.write(`${name}\n`);
  await once(socket, 'close');
  say(said.trimEnd());
  return said.startsWith('Done') ? 0 : 1;
}

process.exitCode = await main();
