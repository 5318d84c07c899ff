/** Checks that misbehave: each must end, be told in clear words, and leave nothing behind. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { processesNaming } from '../../test/setup/processes.ts';
import { contractOf, openRig, type Rig } from './gates-rig.ts';

const PASS = '<testsuite name="s"><testcase name="a"/></testsuite>';
const FAIL = '<testsuite name="s"><testcase name="a"><failure message="no"/></testcase></testsuite>';
const report = (xml: string): string => `printf '%s' '${xml}' > "$LAMPLIGHTER_REPORT"`;
/**
 * A repo whose check runs what production code says, so that a change can make it misbehave: a script that the command names is harness, and guard
 * would keep it.
 */
const COMMAND = 'eval "$(cat program*)"';
const scripted = contractOf({ test: COMMAND, timeoutSeconds: 20 });
const RED_TEST = { 'test/red': 'x' };
const BY_TEST = `if [ -e test/red ] && [ ! -e code ]; then ${report(FAIL)}; exit 1; fi\n`;

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

async function proveScript(script: string, check: Parameters<typeof contractOf>[0] = {}) {
  const base = await rig.commit({ 'program.txt': script });
  return rig.prove(base, contractOf({ test: COMMAND, timeoutSeconds: 20, ...check }));
}

/** A sound base, then a change with a red test whose head runs `script`. */
async function verifyScript(script: string) {
  const base = await rig.commit({ 'program.txt': BY_TEST + report(PASS) });
  const head = await rig.commit({ ...RED_TEST, code: 'x', 'program.txt': script });
  return rig.verify(base, head, scripted);
}

describe.skipIf(!has('bwrap'))('a check that misbehaves', () => {
  it('hangs on the base: stopped at its time limit, and the base is red', async () => {
    const judged = await proveScript('sleep 3451', { timeoutSeconds: 1 });
    expect(judged).toMatchObject({
      verdict: 'red',
      reason: expect.stringContaining('did not end within 1 s') as string,
    });
    await expect.poll(() => processesNaming('3451')).toEqual([]);
  });

  it('hangs on the change: the agent is told, and later gates are spared', async () => {
    const base = await rig.commit({ 'program.txt': BY_TEST + report(PASS) });
    const head = await rig.commit({ ...RED_TEST, code: 'x', 'program.txt': 'sleep 3452' });
    const verified = await rig.verify(base, head, contractOf({ test: COMMAND, timeoutSeconds: 2 }));
    expect(verified).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(verified)).toContain('did not end within 2 s');
    expect((await rig.evidence()).some((one) => one.kind === 'green')).toBe(false);
  });

  it('prints 100 MB: judged by its report, and the evidence stays small', async () => {
    expect(await proveScript(`head -c 100000000 /dev/zero | tr '\\0' 'x'; ${report(PASS)}`)).toEqual({
      verdict: 'green',
    });
    expect((await rig.evidence())[0]?.body.length).toBeLessThan(30_000);
  });

  it('prints 100 MB around TAP: refused with what to do', async () => {
    const judged = await proveScript(
      "echo TAP version 13; head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; echo ok 1 - a; echo 1..1",
      { report: 'tap' },
    );
    expect(judged).toMatchObject({
      verdict: 'broken',
      reason: expect.stringContaining('write the report to $LAMPLIGHTER_REPORT') as string,
    });
  });

  it('leaves children behind: the check ends, and so do they', async () => {
    expect(await proveScript(`sleep 3453 & setsid sleep 3453 & ${report(PASS)}`)).toEqual({ verdict: 'green' });
    await expect.poll(() => processesNaming('3453')).toEqual([]);
  });

  it('leaves no report on the base: broken, because the contract must change', async () => {
    expect(await proveScript('true')).toMatchObject({
      verdict: 'broken',
      reason: expect.stringContaining('left no junit report') as string,
    });
  });

  it('leaves no report on the change: refused, with the last lines', async () => {
    const verified = await verifyScript('echo half-way there; exit 3');
    expect(verified.kind).toBe('refused');
    expect(JSON.stringify(verified)).toMatch(/left no junit report.*exited with 3.*half-way there/);
  });

  it('an old report is never taken for a new one', async () => {
    expect(await proveScript(`[ -e "$LAMPLIGHTER_REPORT" ] || ${report(PASS)}`)).toEqual({ verdict: 'green' });
    expect(rig.ran).toHaveLength(2);
  });

  it('a command that does not exist is broken and named', async () => {
    expect(await proveScript('', { test: 'no-such-runner --all' })).toMatchObject({
      verdict: 'broken',
      reason: expect.stringContaining('`no-such-runner --all` was not found') as string,
    });
  });

  it('failures beside exit code 0 are not green', async () => {
    expect(JSON.stringify(await verifyScript(report(FAIL)))).toContain('exited with 0');
    expect(await proveScript(report(FAIL))).toMatchObject({ verdict: 'red' });
  });

  it('all green beside exit code 1 is not green', async () => {
    const verified = await verifyScript(`${BY_TEST}${report(PASS)}; exit 1`);
    expect(verified).toMatchObject({ kind: 'refused' });
    expect(JSON.stringify(verified)).toContain('shows no failure, but the test command exited with 1');
    expect(await proveScript(`${report(PASS)}; exit 1`)).toMatchObject({ verdict: 'red' });
  });

  it('fewer tests than the contract asks for are not green', async () => {
    expect(await proveScript(report(PASS), { minimum: 2 })).toMatchObject({
      verdict: 'red',
      reason: expect.stringContaining('at least 2') as string,
    });
  });

  it('a report that is a link, a pipe or a folder is not followed and not waited for', async () => {
    for (const trick of ['ln -s /etc/passwd', 'mkfifo', 'mkdir']) {
      expect(await proveScript(`${trick} "$LAMPLIGHTER_REPORT"`)).toMatchObject({
        verdict: 'broken',
        reason: expect.stringContaining('not a regular file') as string,
      });
    }
  });

  it('prints a secret that it put together: it stands neither in findings nor in evidence', async () => {
    const parts = ['ghp_', 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6'] as const;
    const failing = FAIL.replace('"no"', '"expected $key"');
    const lying = `key=${parts[0]}""${parts[1]}; echo log says $key; ${BY_TEST}printf '%s' "${failing.replaceAll('"', '\\"')}" > "$LAMPLIGHTER_REPORT"; exit 1`;
    const verified = await verifyScript(lying);
    expect(JSON.stringify(verified)).toContain('struck out: github');
    expect(JSON.stringify([verified, await rig.evidence()])).not.toContain(parts.join(''));
    expect((await rig.evidence()).findLast((one) => one.kind === 'green')?.body).toContain('log says [struck out');
  });

  it('an aborted signal throws and leaves no folder', async () => {
    const base = await rig.commit({ 'program.txt': 'echo started > /shared/started; sleep 3454' });
    const abort = new AbortController();
    const proving = rig.gates.proveBase({
      run: 'r',
      base,
      contract: scripted,
      signal: abort.signal,
      heartbeat: () => {},
    });
    await expect.poll(() => readdir(join(rig.dir, 'shared')), { timeout: 10_000 }).toEqual(['started']);
    abort.abort(new Error('cancelled by ada'));
    await expect(proving).rejects.toThrow('cancelled by ada');
    expect(await readdir(join(rig.dir, 'work'))).toEqual([]);
  });
});

describe.skipIf(!has('bwrap'))('a setup', () => {
  it('that fails on the change is refused in its own words', async () => {
    const base = await rig.commit({
      'program.txt': `grep -qx v1 deps/lib || exit 9; ${BY_TEST}${report(PASS)}`,
      'package.json': '{}',
      installation: 'mkdir deps && echo v1 > deps/lib',
    });
    const head = await rig.commit({
      ...RED_TEST,
      code: 'x',
      'package.json': '{"x":1}',
      installation: 'echo no such package; exit 4',
    });
    const verified = await rig.verify(
      base,
      head,
      contractOf({ setup: 'eval "$(cat installation*)"', test: COMMAND, timeoutSeconds: 20 }),
    );
    expect(JSON.stringify(verified)).toMatch(/setup command of check unit.*exited with 4.*no such package/);
  });
});

describe('a machine or a contract that allows no judgement', () => {
  it('a sandbox that cannot be set up is broken, with the remedy, and nothing runs (invariant 4)', async () => {
    const bare = await openRig({ searchPath: [rig.dir] });
    try {
      const base = await bare.commit({ 'program.txt': BY_TEST + report(PASS) });
      const head = await bare.commit({ ...RED_TEST, code: 'x' });
      const reason = expect.stringMatching(
        /sandbox cannot be used: bwrap.* not installed.*install bubblewrap/,
      ) as string;
      expect(await bare.prove(base, scripted)).toEqual({ verdict: 'broken', reason });
      expect(await bare.verify(base, head, scripted)).toEqual({ kind: 'broken', reason });
      expect(bare.ran).toEqual([]);
      expect(await bare.evidence()).toEqual([]);
    } finally {
      await bare.close();
    }
  });

  it.skipIf(!has('bwrap'))(
    'a toolchain that the operator has not declared is broken, and named with those that are',
    async () => {
      const base = await rig.commit({ 'program.txt': BY_TEST + report(PASS) });
      const fortran = contractOf({ test: COMMAND }, { toolchain: ['fortran'] });
      expect(await rig.prove(base, fortran)).toMatchObject({
        verdict: 'broken',
        reason: expect.stringMatching(/"fortran".*not declared \(declared: (?:\w+, )*node/) as string,
      });
      expect(rig.ran).toEqual([]);
    },
  );
});

describe.skipIf(!has('bwrap'))('a change that hides what it holds', () => {
  const token = `ghp_${'0123456789abcdefghijABCDEFGHIJklmnop'}`;

  it('a secret in a file that a NUL or an attribute makes binary is found', async () => {
    const base = await rig.commit({ 'program.txt': BY_TEST + report(PASS) });
    const head = await rig.commit({
      ...RED_TEST,
      code: 'x',
      'a.bin': `\0\n${token}\n`,
      '.gitattributes': '*.dat -diff\n',
      'b.dat': `${token.replace('0', '9')}\n`,
    });
    const verified = await rig.verify(base, head, scripted);
    const findings = verified.kind === 'refused' ? verified.findings.join('\n') : '';
    expect(findings).toContain('a.bin:2 in commit');
    expect(findings).toContain('b.dat:1 in commit');
  });

  it('one that is too big to be read is refused with what to do, and is no fault that would be tried again', async () => {
    const base = await rig.commit({ 'program.txt': BY_TEST + report(PASS) });
    const head = await rig.commit({ ...RED_TEST, code: 'x', 'big.txt': `${'x'.repeat(1023)}\n`.repeat(70 * 1024) });
    expect(await rig.verify(base, head, scripted)).toEqual({
      kind: 'refused',
      findings: [expect.stringContaining('too big to be read') as string],
    });
  });
});
