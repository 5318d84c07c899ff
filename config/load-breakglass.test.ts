import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { loadBreakglass, readKeyFile } from './load-breakglass.ts';
import { loadConfig } from './load.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9gY7c2iVrlYx5H0VRKLw4wO0gD1k8yZl1mB1vKxq0R root@pve';
const SECTION = `{ host: 192.0.2.1, hostKey: ${KEY}, keys: { human: keys/human, ro: /etc/keys/ro } }`;
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'config-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function written(yaml: string): string {
  const file = join(folder, 'lamplighter.yaml');
  writeFileSync(file, yaml);
  return file;
}

function errorsOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.errors.join('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('the section breakglass', () => {
  it('names the host, its key, and a key file for each identity, relative to the file', () => {
    const config = loadBreakglass(written(`breakglass: ${SECTION}\n`));
    expect(config).toMatchObject({ host: '192.0.2.1', port: 22, user: 'root', hostKey: { type: 'ssh-ed25519' } });
    expect(config?.keys).toEqual({ human: join(folder, 'keys/human'), ro: '/etc/keys/ro' });
  });

  it('names the VM by its id and its name, or not at all, as files from before do not', () => {
    expect(loadBreakglass(written(`breakglass: ${SECTION}\n`))?.vm).toBeNull();
    const named = (more: string): string => `breakglass: ${SECTION.replace('{ host', `{ ${more}, host`)}\n`;
    expect(loadBreakglass(written(named('vmid: 102')))?.vm).toEqual({ vmid: 102, name: null });
    expect(loadBreakglass(written(named('vmid: 102, name: devvm')))?.vm).toEqual({ vmid: 102, name: 'devvm' });
    expect(errorsOf(() => loadBreakglass(written(named('name: devvm'))))).toMatch(/name.*Give its id as vmid/);
    expect(errorsOf(() => loadBreakglass(written(named('vmid: 99'))))).toMatch(/vmid/);
  });

  it('may be absent', () => {
    expect(loadBreakglass(written('allow: []\n'))).toBeNull();
  });

  it('is read whatever is wrong in the other sections: a rescue does not wait for their cure', () => {
    expect(loadBreakglass(written(`repos: 7\nnonsense: true\nbreakglass: ${SECTION}\n`))).not.toBeNull();
  });

  it.each([
    ['{}', 'breakglass.host: is missing'],
    [SECTION.replace('192.0.2.1', 'pve.example.org'), 'breakglass.host'],
    [SECTION.replace('192.0.2.1', '192.0.2.999'), 'breakglass.host'],
    [SECTION.replace('host:', 'port: 0, host:'), 'breakglass.port'],
    [SECTION.replace('host:', 'user: "-oProxyCommand=x", host:'), 'breakglass.user'],
    [SECTION.replace('host:', 'strict: no, host:'), 'breakglass.strict: unknown key'],
    [SECTION.replace(KEY, 'SHA256:abc'), 'breakglass.hostKey: must be the line of a public key'],
    [SECTION.replace('AAAAC3', 'AAAAC4'), 'breakglass.hostKey: the key itself is no ssh-ed25519'],
    [SECTION.replace('human: keys/human, ro: /etc/keys/ro', ''), 'breakglass.keys: names no key file'],
    [SECTION.replace('human: keys', 'root: keys'), 'breakglass.keys.root: unknown key'],
    [SECTION.replace('/etc/keys/ro', 'keys/human'), 'is the key of another identity as well'],
  ])('%s is refused, with its place', (section, why) => {
    const file = written(`breakglass: ${section}\n`);
    expect(errorsOf(() => loadBreakglass(file))).toMatch(/^\S+lamplighter\.yaml:1:\d+: /);
    expect(errorsOf(() => loadBreakglass(file))).toContain(why);
  });

  it('is checked by `up` as well, which is handed nothing of it', () => {
    const ports = { api: 7070, temporal: 7233, temporalUi: 8233, model: 9000 };
    const load = (yaml: string) => loadConfig({ file: written(yaml), dataDir: join(folder, 'data'), env: {}, ports });
    expect(errorsOf(() => load(`breakglass: ${SECTION.replace(KEY, 'x')}\n`))).toContain('breakglass.hostKey');
    expect(JSON.stringify(load(`breakglass: ${SECTION}\n`))).not.toMatch(/keys\/human|192\.0\.2\.1/);
  });
});

describe('a key file', () => {
  it('is read when nobody else can', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'bytes', { mode: 0o600 });
    symlinkSync(file, join(folder, 'link'));
    expect(readKeyFile(file)).toEqual({ ok: true, bytes: Buffer.from('bytes') });
    expect(readKeyFile(join(folder, 'link'))).toMatchObject({ ok: true });
  });

  it.each([0o640, 0o604, 0o620, 0o666])('that others can read or change (%o) is not used', (mode) => {
    const file = join(folder, 'key');
    writeFileSync(file, 'bytes');
    chmodSync(file, mode);
    expect(readKeyFile(file)).toMatchObject({
      ok: false,
      remedy: expect.stringContaining(`chmod 600 ${file}`) as string,
    });
  });

  it('that is missing, a folder or far too long is refused, with what to do', () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'long'), 'x'.repeat(70_000), { mode: 0o600 });
    for (const name of ['none', 'sub', 'long'])
      expect(readKeyFile(join(folder, name))).toMatchObject({
        ok: false,
        remedy: expect.stringMatching(/\S/) as string,
      });
  });
});
