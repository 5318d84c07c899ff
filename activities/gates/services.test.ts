/** Checks whose tests talk to a real server that the contract asks for. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../domain/contract.ts';
import { has } from '../../test/setup/needs.ts';
import { contractOf, IN_ONE_PROCESS, openRig, type Rig } from './gates-rig.ts';

const POSTGRES: Service = { kind: 'postgres', version: null, port: 5432, env: 'DATABASE_URL', database: 'shop' };
const contract = contractOf({ test: IN_ONE_PROCESS }, { services: [POSTGRES] });

const ITEMS = (statements: string): string => `
import { execFileSync } from 'node:child_process';
const sql = (text) =>
  execFileSync('psql', [process.env.DATABASE_URL, '-v', 'ON_ERROR_STOP=1', '-qAtc', text], { encoding: 'utf8' }).trim();
export function put(name) {
  sql("CREATE TABLE IF NOT EXISTS item (name text)");
  ${statements}
}
export const count = (name) => Number(sql(\`SELECT count(*) FROM item WHERE name = '\${name}'\`));
`;
const TEST = (name: string, body: string): string =>
  `import test from 'node:test';\nimport assert from 'node:assert';\nimport * as items from '../items.js';\ntest('${name}', () => { ${body} });\n`;

const BASE = {
  'package.json': '{"type":"module"}',
  'items.js': ITEMS('sql(`INSERT INTO item VALUES (${JSON.stringify(name).replaceAll(\'"\', "\'")})`);'),
  'test/put.test.js': TEST('puts', "items.put('nail'); assert.equal(items.count('nail'), 1);"),
};
const CHANGE = {
  'items.js': ITEMS(
    'sql("CREATE UNIQUE INDEX IF NOT EXISTS once ON item (name)");\n  sql(`INSERT INTO item VALUES (\'${name}\') ON CONFLICT DO NOTHING`);',
  ),
  'test/once.test.js': TEST('puts once', "items.put('bolt'); items.put('bolt'); assert.equal(items.count('bolt'), 1);"),
};

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

describe.skipIf(!has('bwrap') || !has('postgres'))('a check over a service', () => {
  it('is red without the change and green with it, on a server that is empty for each command', async () => {
    const base = await rig.commit(BASE);
    expect(await rig.prove(base, contract)).toEqual({ verdict: 'green' });
    const head = await rig.commit(CHANGE);
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'proven' });
    const red = (await rig.evidence()).find((one) => one.kind === 'red');
    expect(red?.body).toContain('puts once');
  });

  it('has it in setup too, and nothing of that is left for the test', async () => {
    const setup = 'psql "$DATABASE_URL" -qc "CREATE TABLE item (name int)" && touch made';
    const base = await rig.commit(BASE);
    // With that table the test could not put a name.
    expect(await rig.prove(base, contractOf({ setup, test: IN_ONE_PROCESS }, { services: [POSTGRES] }))).toEqual({
      verdict: 'green',
    });
    expect(rig.ran).toContain(setup);
  });

  it('shows in the evidence what the server logged when the test fails', async () => {
    const base = await rig.commit({ ...BASE, 'items.js': ITEMS('sql("INSERT INTO nowhere VALUES (1)");') });
    expect(await rig.prove(base, contract)).toMatchObject({ verdict: 'red' });
    expect((await rig.evidence())[0]?.body).toContain(
      '--- the service postgres on port 5432 logged\\nERROR:  relation \\"nowhere\\" does not exist',
    );
  });

  it('of a version that is not on the machine is broken, with the package to install', async () => {
    const base = await rig.commit(BASE);
    const judged = await rig.prove(base, contractOf({}, { services: [{ ...POSTGRES, version: 98 }] }));
    expect(judged).toMatchObject({
      verdict: 'broken',
      reason: expect.stringMatching(
        /service postgres 98, which is not on this machine.*apt-get install postgresql-98/,
      ) as string,
    });
    expect(rig.ran).toEqual([]);
  });

  it('whose server does not start is broken, on the base and on a change, and never a finding for the agent', async () => {
    const base = await rig.commit(BASE);
    await rig.prove(base, contract);
    spoilCluster();
    const head = await rig.commit(CHANGE);
    const reason = expect.stringMatching(
      /was not run: the service postgres on port 5432 did not start: .*not a valid data directory/s,
    ) as string;
    expect(await rig.verify(base, head, contract)).toEqual({ kind: 'broken', reason });
    expect(await rig.prove(head, contract)).toEqual({ verdict: 'broken', reason });
  });

  it('is another proof than the same check without it', async () => {
    const base = await rig.commit(BASE);
    await rig.prove(base, contract);
    expect(await rig.prove(base, contractOf({ test: IN_ONE_PROCESS }))).toMatchObject({ verdict: 'red' });
  });
});

/** As a bad disk would. */
function spoilCluster(): void {
  const services = join(rig.dir, 'sandbox', 'services');
  for (const cluster of readdirSync(services)) rmSync(join(services, cluster, 'PG_VERSION'));
}
