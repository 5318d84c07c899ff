/**
 * Facts 5.11: the answer is lost while the host goes on. The client finds out by the op's id, on new connections; the verb is sent once,
 * whatever happens, and the power moves once.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { DEADLINES } from '../../activities/breakglass/deadlines.ts';
import { type LabSshd, startLabSshd } from '../lab/sshd/sshd.ts';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { type Identity, journal, opId, script, settled, until } from '../host/call.ts';
import { fakeHost } from '../host/fake-host.ts';
import { has } from '../setup/needs.ts';
import { clientOf, targetOf, type Wire, wireTo } from './client-rig.ts';

interface Rig {
  readonly host: FakeHost;
  readonly sshd: LabSshd;
  /** The kinds of power events so far. */
  readonly events: () => string[];
  /** Resolves when the op has begun to stop the VM. */
  readonly stopping: (op: string) => Promise<void>;
}

describe.skipIf(!has('sshd'))('a lost answer', { timeout: 120_000, concurrent: true }, () => {
  const open: Rig[] = [];
  afterAll(async () => {
    for (const { sshd } of open) await sshd.close();
    for (const { host } of open) {
      const verbs = host
        .read('requests')
        .split('\n')
        .filter((line) => line.startsWith('cycle'));
      expect(verbs.length, 'no verb was sent twice').toBe(new Set(verbs).size);
    }
  });

  /** Of each test its own: they wait, and need not do so one after the other. */
  async function openRig(): Promise<Rig> {
    const host = await fakeHost({ human_cooldown: 0 });
    const sshd = await startLabSshd({ config: host.config, command: listening(host) });
    const rig: Rig = {
      host,
      sshd,
      events: () => host.power().map((line) => line.split(' ')[0] ?? ''),
      stopping: (op) => until('the op has begun to stop the VM', () => journal(host, op).includes(' begin stop')),
    };
    open.push(rig);
    return rig;
  }

  const cycled = { told: 'host', reconciled: true, result: 'ok', reason: 'cycled', touched: true };

  it('sshd killed in the middle of a cycle, and back later: the one result, one power event', async () => {
    const { host, sshd, events, stopping } = await openRig();
    host.fault('stop-takes', '2');
    const op = opId();
    const lines: string[] = [];
    const running = clientOf(targetOf(sshd, 'human')).runVerb('cycle', op, { onLine: (line) => lines.push(line) });
    await stopping(op);

    await sshd.kill();
    await until('the client has met the closed door', () =>
      lines.some((line) => line.startsWith('no word of the op yet')),
    );
    await sshd.restart();

    expect(await running).toMatchObject({ ...cycled, record: { op } });
    host.heal('stop-takes');
    expect(events()).toEqual(['stop', 'start']);
  });

  it('sshd killed and gone for good is unknown; the op ends all the same, and its result waits for whoever asks', async () => {
    const { host, sshd, events, stopping } = await openRig();
    host.fault('stop-takes', '2');
    const op = opId();
    const client = clientOf(targetOf(sshd, 'human'), { reconcile: quickly({ silenceMs: 300 }) });
    const running = client.runVerb('cycle', op);
    await stopping(op);

    await sshd.kill();

    const outcome = await running;
    expect(outcome).toMatchObject({ told: 'client', result: 'unknown', reason: 'host_silent', touched: null });
    expect(outcome.hint).toContain(`status op=${op}`);
    await settled(host, op);
    await sshd.restart();
    host.heal('stop-takes');
    expect(await clientOf(targetOf(sshd, 'ro')).status(op)).toMatchObject({ document: { record: { result: 'ok' } } });
    expect(events()).toEqual(['stop', 'start']);
  });

  it('a wire cut in the middle of a cycle: looked up over a new connection, the verb sent once', async () => {
    const { host, sshd, events, stopping } = await openRig();
    host.fault('stop-takes', '1');
    const wire = await wireTo(sshd.port);
    const op = opId();
    const running = clientOf(targetOf(sshd, 'human', { port: wire.port })).runVerb('cycle', op);
    await stopping(op);

    wire.cut();

    expect(await running).toMatchObject(cycled);
    host.heal('stop-takes');
    expect(wire.made()).toBeGreaterThan(1);
    expect(events()).toEqual(['stop', 'start']);
    await until('no connection is left', () => wire.open() === 0);
    await wire.close();
  });

  it('a wire that goes dead without a word (half-open): keepalive notices, and the op is looked up', async () => {
    const { host, sshd, events, stopping } = await openRig();
    host.fault('stop-takes', '2');
    const wire = await wireTo(sshd.port);
    const op = opId();
    const client = clientOf(targetOf(sshd, 'human', { port: wire.port }), { keepaliveMs: 200 });
    const running = client.runVerb('cycle', op);
    await stopping(op);

    wire.deaden();

    expect(await running).toMatchObject(cycled);
    host.heal('stop-takes');
    expect(events()).toEqual(['stop', 'start']);
    await wire.close();
  });

  it('a stopped sshd (SIGSTOP) is noticed by keepalive; once it goes on, the op is looked up', async () => {
    const { host, sshd, events, stopping } = await openRig();
    host.fault('stop-takes', '1');
    const op = opId();
    const lines: string[] = [];
    const client = clientOf(targetOf(sshd, 'human'), { keepaliveMs: 200 });
    const running = client.runVerb('cycle', op, { onLine: (line) => lines.push(line) });
    await stopping(op);

    sshd.signal('SIGSTOP');
    await until('the client gave the connection up', () => lines.some((line) => line.includes('Keepalive timeout')));
    sshd.signal('SIGCONT');

    expect(await running).toMatchObject(cycled);
    host.heal('stop-takes');
    expect(events()).toEqual(['stop', 'start']);
  });

  it('torn before the request was let through: unknown, nothing happened, and the same id may be sent again', async () => {
    const { host, sshd, events } = await openRig();
    const op = opId();
    let wire: Wire | null = null;
    // What the client says after its key was taken is the request: that never arrives.
    const sent = { connection: 0, chunks: 0 };
    wire = await wireTo(sshd.port, (_chunk, connection) => {
      if (connection > 1) return true;
      sent.chunks += 1;
      if (!sshd.log().includes('Accepted publickey') || sent.connection === 1) return sent.connection !== 1;
      sent.connection = 1;
      setImmediate(() => wire?.cut());
      return false;
    });
    await sshd.kill();
    await sshd.restart();

    const outcome = await clientOf(targetOf(sshd, 'human', { port: wire.port })).runVerb('cycle', op);

    expect(outcome).toMatchObject({ told: 'client', result: 'unknown', reason: 'not_accepted', touched: null });
    expect(outcome.hint).toContain('same id');
    expect(events()).toEqual([]);
    expect(journal(host, op)).toBe('');
    await wire.close();
    expect(await clientOf(targetOf(sshd, 'human')).runVerb('cycle', op)).toMatchObject({
      result: 'ok',
      reconciled: false,
    });
    expect(events()).toEqual(['stop', 'start']);
  });

  it('the host key changes before the answer is looked up: unknown at once, with both fingerprints', async () => {
    const { host, sshd, stopping } = await openRig();
    host.fault('stop-takes', '1');
    const op = opId();
    const other = await startLabSshd({ config: host.config });
    const wire = await wireTo(sshd.port);
    const running = clientOf(targetOf(sshd, 'human', { port: wire.port })).runVerb('cycle', op);
    await stopping(op);
    await wire.close();
    const impostor = await wireTo(other.port, () => true, wire.port);

    const outcome = await running;

    expect(outcome).toMatchObject({ result: 'unknown', reason: 'host_silent' });
    expect(outcome.hint).toContain(sshd.fingerprint);
    expect(outcome.hint).toContain(other.fingerprint);
    await impostor.close();
    await other.close();
    await settled(host, op);
    host.heal('stop-takes');
  });

  it('an op longer than the client waits is cut, and watched to its end by status', async () => {
    const { host, sshd } = await openRig();
    host.fault('stop-takes', '4');
    const op = opId();
    const client = clientOf(targetOf(sshd, 'human'), {
      commandMs: { ...DEADLINES.commandMs, cycle: 2_000 },
    });
    expect(await client.runVerb('cycle', op)).toMatchObject(cycled);
    host.heal('stop-takes');
  });

  it('one that never seems to end is unknown, with the phases that the host told', async () => {
    const { host, sshd, events } = await openRig();
    host.fault('stop-takes', '5');
    const op = opId();
    const client = clientOf(targetOf(sshd, 'human'), {
      commandMs: { ...DEADLINES.commandMs, cycle: 2_000 },
      reconcile: quickly({ settleMs: 2_100 }),
    });
    const outcome = await client.runVerb('cycle', op);
    expect(outcome).toMatchObject({ result: 'unknown', reason: 'still_running', record: { op, state: 'running' } });
    await settled(host, op);
    host.heal('stop-takes');
    expect(events()).toEqual(['stop', 'start']);
  });
});

/** A command= line that writes down each request before the script has it: the judge of what was sent how often. */
function listening(host: FakeHost): (identity: Identity) => string {
  const wrapper = host.path('listening');
  const record = host.path('requests');
  writeFileSync(record, '');
  const text = `#!/bin/bash\nprintf '%s\\n' "$SSH_ORIGINAL_COMMAND" >>${record}\nexec ${script} --config ${host.config} "$1"\n`;
  writeFileSync(wrapper, text, { mode: 0o755 });
  return (identity) => `${wrapper} ${identity}`;
}

function quickly(changed: { silenceMs?: number; settleMs?: number }) {
  return { everyMs: 100, graceMs: 3_000, silenceMs: 15_000, settleMs: 900_000, ...changed };
}
