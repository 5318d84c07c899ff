/** Tests that start containers: refused in clear words, and by no guess about a change that is honest. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_DOCKER } from '../../domain/docker.ts';
import { has } from '../../test/setup/needs.ts';
import { contractOf, IN_ONE_PROCESS, openRig, type Rig } from './gates-rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ knowsBases: true });
});
afterEach(() => rig.close());

const contract = contractOf({ test: IN_ONE_PROCESS });
const TEST = (name: string, body: string): string =>
  `import test from 'node:test';\nimport assert from 'node:assert';\nimport * as lib from '../lib.js';\ntest('${name}', () => { ${body} });\n`;
const BASE = {
  'package.json': '{"type":"module"}',
  'lib.js': 'export const where = () => "nowhere";\n',
  'test/where.test.js': TEST('is somewhere', 'assert.ok(lib.where());'),
};
const SOCKET = "throw new Error('connect ENOENT /var/run/docker.sock');";

describe.skipIf(!has('bwrap'))('a check that wants Docker', () => {
  it('is a base that is red as before, with what to do instead', async () => {
    const base = await rig.commit({ ...BASE, 'test/docker.test.js': TEST('starts a container', SOCKET) });
    const judged = await rig.prove(base, contract);
    expect(judged).toMatchObject({ verdict: 'red' });
    expect(JSON.stringify(judged)).toMatch(/starts a container.*fails.*wants Docker, which the sandbox does not give/);
  });

  it('by its command is a base that is broken as before, with what to do instead', async () => {
    const base = await rig.commit(BASE);
    const judged = await rig.prove(base, contractOf({ test: 'docker ps' }));
    expect(judged).toMatchObject({ verdict: 'broken', reason: expect.stringContaining(NO_DOCKER) as string });
  });

  it('is a finding for the agent beside those of the gates, and the evidence says it too', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'lib.js': 'export const where = () => "here";\n',
      'test/here.test.js': TEST(
        'is here',
        `assert.equal(lib.where(), 'here'); throw new Error('spawn docker ENOENT');`,
      ),
    });
    const verified = await rig.verify(base, head, contract);
    expect(verified).toMatchObject({ kind: 'refused' });
    expect(verified.kind === 'refused' && verified.findings[0]).toBe(`Check unit: ${NO_DOCKER}.`);
    expect((await rig.evidence()).find((one) => one.kind === 'green')?.body).toContain('"wants": "docker"');
  });

  it('is not what an honest change is taken for that only speaks of it', async () => {
    const base = await rig.commit(BASE);
    const head = await rig.commit({
      'lib.js': 'export const where = () => "/var/run/docker.sock";\n',
      'test/socket.test.js': TEST('names the socket', "assert.equal(lib.where(), '/var/run/docker.sock');"),
    });
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
  });
});
