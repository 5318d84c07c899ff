/** Facts 5.3: QMP hung, the block path dead with QMP alive, the cluster file system hung, no agent, file systems frozen: each bounded, each told apart. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { turns } from './turns.ts';

const wedges: [string, (host: FakeHost) => void, Record<string, unknown>][] = [
  ['nothing wrong', () => {}, { class: 'responding', advice: 'none', qmp: 'ok' }],
  ['QMP hung', (host) => { host.fault('qmp-hangs'); host.fault('agent-dead'); }, { class: 'qmp_dead', advice: 'cycle', qmp: 'late' }],
  ['QMP late and the guest well', (host) => host.fault('qmp-hangs'), { class: 'monitor_busy', advice: 'human', qmp: 'late', agentPing: 'yes' }],
  ['the block path dead, QMP alive, the agent with it',
    (host) => { host.fault('block-flat'); host.fault('agent-dead'); },
    { class: 'block_flat', advice: 'cycle', qmp: 'ok', runState: 'running', countersFlat: 'yes' }],
  ['a disk that keeps requests back, while agent and banner answer from memory',
    (host) => { host.fault('block-flat'); host.fault('rings-shown', '3'); },
    { class: 'block_flat', advice: 'cycle', agentPing: 'yes', countersFlat: 'yes', requestsStuck: 'yes' }],
  ['a silent guest, which may be booting, so that its rings are not looked at',
    (host) => { host.fault('block-flat'); host.fault('agent-dead'); host.fault('rings-shown', '0'); },
    { class: 'block_flat', advice: 'cycle', countersFlat: 'yes', requestsStuck: 'unknown' }],
  ['an idle guest that answers and waits for no disk',
    (host) => { host.fault('block-flat'); host.fault('rings-shown', '0'); }, { class: 'responding', requestsStuck: 'no' }],
  ['an idle guest that answers', (host) => host.fault('block-flat'), { class: 'responding', advice: 'none', countersFlat: 'yes', requestsStuck: 'unknown' }],
  ['a silent guest whose disks still move', (host) => host.fault('agent-dead'), { class: 'guest_silent', advice: 'reset', agentPing: 'no' }],
  ['file systems left frozen by a backup', (host) => host.fault('frozen'), { class: 'fs_frozen', advice: 'thaw' }],
  ['a paused machine', (host) => host.write('paused', 'machine/runstate'), { class: 'paused', advice: 'reset' }],
  ['an I/O error', (host) => host.write('io-error', 'machine/runstate'), { class: 'io_error', advice: 'cycle' }],
  ['a panic that was noticed', (host) => host.write('guest-panicked', 'machine/runstate'), { class: 'guest_panicked', advice: 'reset' }],
  ['the cluster file system hung', (host) => host.fault('pmxcfs-hangs'), { configReadable: 'no', qmp: 'ok', runState: 'running' }],
  ['everything hung at once', (host) => { host.fault('pmxcfs-hangs'); host.fault('qmp-hangs'); }, { class: 'qmp_dead', configReadable: 'no' }],
]; // prettier-ignore

describe('5.3: status', sideBySide, () => {
  // Where time is measured, no crowd of our own may be what takes it.
  const inTurn = turns(2);

  it.each(wedges)('with %s says so within 8 seconds', async (_name, wedge, expected) => {
    const host = await fakeHost();
    wedge(host);
    const { result, took } = await inTurn(async () => {
      const started = performance.now();
      return { result: (await call(host, 'ro', 'status')).document(), took: performance.now() - started };
    });

    expect(took).toBeLessThan(8_000);
    expect(result).toMatchObject({ result: 'ok', status: expected });
    expect(host.power()).toEqual([]);
  });

  it('knows a QEMU that hangs in the kernel', async () => {
    const host = await fakeHost();
    host.fault('qmp-hangs');
    host.fault('agent-dead');
    const stat = `proc/${host.pid()}/stat`;
    host.write(host.read(stat).replace(') S ', ') D '), stat);

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      class: 'qemu_hangs_in_kernel',
      advice: 'human',
    });
  });

  it('works where nothing can be written', async () => {
    const host = await fakeHost({
      state_dir: '/proc/nowhere',
      evidence_dir: '/proc/nowhere',
      log: '/proc/nowhere',
    });

    expect((await call(host, 'ro', 'status')).document()).toMatchObject({
      result: 'ok',
      status: { class: 'responding' },
    });
  });
});

describe('5.3: forensics', sideBySide, () => {
  it.each(wedges)('with %s ends in time, and is kept with a sum that can be read back', async (_name, wedge) => {
    const host = await fakeHost({ forensics_budget: 12, block_sample: 1 });
    wedge(host);
    const started = performance.now();

    const result = (await call(host, 'ro', 'forensics')).document();

    expect(performance.now() - started).toBeLessThan(20_000);
    expect(result).toMatchObject({
      result: 'ok',
      evidence: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(host.read('evidence', result.evidence!.id, 'manifest')).toMatch(/^config |^journal /m);
    expect(host.power()).toEqual([]);
  });

  it('keeps all of what an early item said, however long the others take', async () => {
    const host = await fakeHost({ block_sample: 4 });
    host.fault('block-flat');
    host.fault('agent-dead');
    const said = Array.from({ length: 1_000 }, (_, line) => `Line${line}: ${'x'.repeat(30)}`).join('\n');
    host.write(`${host.read('proc/5000001/status')}${said}`, 'proc/5000001/status');

    const { evidence } = (await call(host, 'ro', 'forensics')).document();

    expect(host.read('evidence', evidence!.id, 'qemu-status')).toContain('Line999: x');
    expect(host.read('evidence', evidence!.id, 'manifest')).not.toMatch(/^qemu-status 124/m);
  });

  it('strikes out the secrets of a configuration', async () => {
    const host = await fakeHost();
    host.write(
      `${host.read('machine/config')}cipassword: hunter2hunter2\nsshkeys: AAAAsecretkey\nargs: -fw_cfg password=swordfish1\n`,
      'machine/config',
    );

    const { evidence } = (await call(host, 'ro', 'forensics')).document();

    const config = host.read('evidence', evidence!.id, 'config');
    expect(config).toContain('cipassword: [redacted]');
    expect(host.read('evidence', evidence!.id, 'pending')).toContain('cipassword: [redacted]');
    expect(config).not.toMatch(/hunter2|secretkey|swordfish/);
  });

  it('asked twice within 30 seconds captures once', async () => {
    const host = await fakeHost();

    const [first, second] = await Promise.all([call(host, 'ro', 'forensics'), call(host, 'agent', 'forensics')]);

    expect(second.document().evidence!.id).toBe(first.document().evidence!.id);
  });
});

describe('5.3: forensics after the power was turned', sideBySide, () => {
  it('is taken anew: what was seen before says nothing of the machine that runs now', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');
    const before = (await call(host, 'ro', 'forensics')).document();
    await call(host, 'human', 'start');

    const after = (await call(host, 'ro', 'forensics')).document();

    expect(before.evidence).toMatchObject({ class: 'off' });
    expect(after.evidence).toMatchObject({ class: 'responding' });
  });
});

describe('5.3: an idle machine that answers', sideBySide, () => {
  it('is not stopped by a debugger: nothing is stuck in it', async () => {
    const host = await fakeHost({ block_sample: 1 });
    host.fault('block-flat');

    const { evidence } = (await call(host, 'ro', 'forensics')).document();

    expect(evidence).toMatchObject({ class: 'responding' });
    expect(host.read('evidence', evidence!.id, 'facts')).toContain('flat=yes');
    expect(host.read('evidence', evidence!.id, 'manifest')).not.toContain('qemu-user-stacks');
  });
});

describe('a guest whose SSH server answers', sideBySide, () => {
  it.each([
    [
      'is no wedge while it idles without an agent',
      false,
      { class: 'responding', advice: 'none', countersFlat: 'yes' },
    ],
    ['is no wedge for an agent that somebody stopped', true, { class: 'agent_silent', advice: 'repair' }],
  ])('%s: the agent key may not act', async (_what, hasAgent, expected) => {
    const sshd = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-here\r\n')).listen(0, '127.0.0.1');
    await once(sshd, 'listening');
    const { port } = sshd.address() as AddressInfo;
    const host = await fakeHost({ guest_ssh: `127.0.0.1:${port}`, autonomy: 'evidence' });
    if (!hasAgent) host.write(host.read('machine/config').replace('agent: 1\n', ''), 'machine/config');
    if (!hasAgent) host.fault('block-flat');
    host.fault('agent-dead');

    const { status } = (await call(host, 'ro', 'status')).document();
    const cycle = (await call(host, 'agent', 'cycle')).document();
    sshd.close();

    expect(status).toMatchObject({ ...expected, banner: 'yes' });
    expect(cycle).toMatchObject({ reason: 'no_evidence', touched: false });
    expect(host.power()).toEqual([]);
  });
});

describe('5.3: a mutating verb with the cluster file system hung', sideBySide, () => {
  it.each(['cycle', 'stop', 'reset'])(
    '%s refuses in bounded time: what cannot be read may be locked, and cannot be started',
    async (verb) => {
      const host = await fakeHost();
      host.fault('pmxcfs-hangs');

      expect((await call(host, 'human', verb)).document()).toMatchObject({
        result: 'failed',
        reason: 'config_unreadable',
        touched: false,
      });
      expect(host.power()).toEqual([]);
    },
  );
});
