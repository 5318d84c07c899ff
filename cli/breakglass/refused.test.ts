/** A host that refuses to look, or shows nothing: no script and no person may take that for a calm VM. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Behaviour, type Hostile, startHostile } from '../../test/breakglass/hostile-server.ts';
import { lamplighter } from '../../test/setup/lamplighter.ts';
import { has } from '../../test/setup/needs.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A folder whose lamplighter.yaml names this server. */
async function deskAt(behaviour: Behaviour, more: Readonly<Record<string, unknown>> = {}) {
  const server: Hostile = await startHostile(behaviour);
  const folder = mkdtempSync(join(tmpdir(), 'refused-'));
  open.push(server, { close: () => rmSync(folder, { recursive: true, force: true }) });
  const { host, port, user, hostKey, key } = server.target;
  writeFileSync(join(folder, 'human'), key.bytes, { mode: 0o600 });
  const line = `${hostKey.type} ${hostKey.blob.toString('base64')}`;
  const breakglass = { host, port, user, hostKey: line, keys: { human: 'human' }, ...more };
  writeFileSync(join(folder, 'lamplighter.yaml'), stringify({ breakglass }));
  return { server, run: (...args: string[]) => lamplighter(args, folder, 60_000) };
}

const document = (request: string, more: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    schema: 'breakglass-result/1',
    vmid: 102,
    verb: request.split(' ')[0],
    op: /op=(\w+)/.exec(request)?.[1] ?? null,
    identity: 'human',
    state: 'done',
    reason: null,
    hint: null,
    touched: false,
    ...more,
  });

const answering =
  (code: number, text: (request: string) => string): NonNullable<Behaviour['answer']> =>
  (channel, request) => {
    channel.write(text(request));
    channel.exit(code);
    channel.end();
  };

const busy = answering(4, (request) =>
  document(request, { result: 'failed', reason: 'busy', hint: 'four requests are under way: ask again' }),
);
/** What a host says of a VM that is well. */
const seen = {
  class: 'responding',
  advice: 'none',
  qemuState: 'S',
  qmp: 'ok',
  runState: 'running',
  requestsStuck: 'no',
  countersFlat: 'no',
  agentPing: 'yes',
  fsFrozen: 'no',
  banner: 'yes',
  lock: null,
  configReadable: 'yes',
  autonomy: 'evidence',
  pid: 1,
  startedTicks: 1,
  qmpMs: 1,
  pendingChanges: 0,
  sampleMs: 1,
  paused: false,
  cooldownSeconds: { agent: 0, human: 0 },
  runningOp: null,
  lastOp: null,
};
const op = '01KB4V0000000000000000TEST';

describe.skipIf(!has('ssh'))('a status that the host refused', { timeout: 60_000 }, () => {
  it.each([[[]], [['--op', op]], [['--json']]])('with %j says what was refused and exits 4', async (more) => {
    const { run } = await deskAt({ answer: busy });

    const { code, stdout } = await run('breakglass', 'verb', 'status', ...more);

    expect(code).toBe(4);
    expect(stdout).toMatch(/busy[^]*four requests are under way: ask again/);
    expect(stdout).not.toContain('does not know it');
    if (more[0] === '--json') expect(JSON.parse(stdout)).toMatchObject({ ok: false, reason: 'busy', standing: null });
  });

  it('and one that shows nothing of the VM, though it is called ok, is no status either', async () => {
    const { run } = await deskAt({ answer: answering(0, (request) => document(request, { result: 'ok' })) });

    const { code, stdout } = await run('breakglass', 'verb', 'status');

    expect(code).toBe(4);
    expect(stdout).toMatch(/^no status \(answer_unreadable\)\n/);
  });
});

describe.skipIf(!has('ssh'))('doctor --breakglass', { timeout: 60_000 }, () => {
  it.each([
    [
      'another script',
      (request: string) => document(request, { result: 'failed', reason: 'no_verb' }),
      /not the script of this tree/,
    ],
    ['a shell', () => 'uid=0(root) gid=0(root)\n', /this key can run anything/],
  ])('of a key behind which %s answers says so, and no more than is proven', async (_what, said, remedy) => {
    const { run } = await deskAt({ answer: answering(4, said) });

    const { code, stdout } = await run('doctor', '--breakglass');

    expect(code).toBe(1);
    expect(stdout).toMatch(/command of human +`id` was not refused/);
    expect(stdout).toMatch(remedy);
    if (!/anything/.test(remedy.source)) expect(stdout).not.toContain('can run anything');
  });
});

describe.skipIf(!has('ssh'))('a host of another VM than the configuration names', { timeout: 60_000 }, () => {
  const vm = { vmid: 102, name: 'devvm' };
  const cycled = answering(0, (request) =>
    document(request, { vmid: 666, result: 'ok', reason: 'cycled', touched: true }),
  );

  it('is asked for the VM that is meant, and its answer is not believed', async () => {
    const { server, run } = await deskAt({ answer: cycled }, vm);

    const { code, stdout } = await run('breakglass', 'verb', 'cycle', '--yes', '--op', op);

    expect(server.requests).toEqual([`cycle vm=102/devvm op=${op}`]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^cycle: unknown \(other_vm\)\n[^]*the answer is of VM 666, and VM 102 \(devvm\) was meant/);
  });

  it.each([
    ['another id', (request: string) => document(request, { vmid: 666, result: 'ok' })],
    [
      'the same id and another name',
      (request: string) => document(request, { result: 'ok', status: { ...seen, name: 'other' } }),
    ],
  ])('shows no status that counts: %s', async (_what, said) => {
    const { run } = await deskAt({ answer: answering(0, said) }, vm);

    const { code, stdout } = await run('breakglass', 'verb', 'status');

    expect(code).toBe(4);
    expect(stdout).toMatch(/^no status \(other_vm\)\n/);
  });

  it('that refuses the request itself has touched nothing', async () => {
    const refused = answering(4, (request) =>
      document(request, { vmid: 666, result: 'failed', reason: 'other_vm', hint: 'this key is for VM 666' }),
    );
    const { run } = await deskAt({ answer: refused }, vm);

    const { code, stdout } = await run('breakglass', 'verb', 'cycle', '--yes');

    expect(code).toBe(4);
    expect(stdout).toMatch(/^cycle: failed \(other_vm\)\n {2}nothing was touched\n/);
  });
});
