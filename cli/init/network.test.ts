/** What a setup asks for of the network is learnt in one run, through the proxy that the operator's own shell uses. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { has } from '../../test/setup/needs.ts';
import { egressOf } from './egress.ts';
import { makeRepo } from './init-rig.ts';
import type { InitFindings } from './init.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const LONG = 120_000;
const dir = mkdtempSync(join(tmpdir(), 'lamplighter-init-network-'));
let company: Server;
let asked: string[];

/** Stands for a company's proxy: whatever is fetched is the one package. */
beforeAll(async () => {
  mkdirSync(join(dir, 'package'));
  writeFileSync(join(dir, 'package/package.json'), '{ "name": "one", "version": "1.0.0", "main": "one.js" }\n');
  writeFileSync(join(dir, 'package/one.js'), 'module.exports = 1;\n');
  execFileSync('tar', ['czf', 'one.tgz', 'package'], { cwd: dir });
  asked = [];
  company = createServer((message, answer) => {
    asked.push(message.url ?? '');
    answer.end(readFileSync(join(dir, 'one.tgz')));
  });
  await new Promise<void>((resolve) => company.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => company.close(resolve));
  rmSync(dir, { recursive: true });
});

describe.skipIf(!has('bwrap'))('a setup that downloads', () => {
  it(
    'is let reach what it asks for, which is drafted as network beside the proxy as egress',
    { timeout: LONG },
    async () => {
      const repo = makeRepo(join(dir, 'repo'), {
        'package.json':
          '{ "scripts": { "test": "node --test" }, "dependencies": { "one": "http://packages.example.org/one.tgz" } }\n',
        'test/one.test.js':
          "require('node:test')('is one', () => { if (require('one') !== 1) throw new Error('not 1'); });\n",
      });
      const proxy = `127.0.0.1:${(company.address() as AddressInfo).port}`;
      const findings = await init(repo, { HTTPS_PROXY: `http://${proxy}` });

      expect(findings.trial.tried.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
        'unit passed',
        'build passed',
      ]);
      expect(findings.trial.hosts).toContain('packages.example.org');
      expect(asked).toContain('http://packages.example.org/one.tgz');
      expect(parse(findings.files.at(-1)?.text ?? '')).toMatchObject({ egress: { proxy } });
    },
  );
});

describe('the way out that init drafts', () => {
  const none = { configFile: join(dir, 'none.yaml'), privateHosts: [], env: {} };

  it('is direct, to public addresses only, where nothing says otherwise', () => {
    expect(egressOf(none)).toEqual({ proxy: null, privateHosts: [] });
  });

  it('goes through the proxy of the environment with its password, and says nothing of that password in a draft', () => {
    const env = { HTTPS_PROXY: 'http://ada:s%40cret@proxy.example.org:3128', NO_PROXY: 'packages.example.org' };
    const egress = egressOf({ ...none, env });
    expect(egress).toMatchObject({
      proxy: 'proxy.example.org:3128',
      login: 'ada:s@cret',
      direct: ['packages.example.org'],
    });
  });

  it('keeps what the configuration that is there says, and adds what is given', () => {
    const configFile = join(dir, 'there.yaml');
    writeFileSync(configFile, 'egress: { proxy: "proxy.example.org:3128", privateHosts: [a.example.org] }\n');
    expect(egressOf({ ...none, configFile, privateHosts: ['B.example.org'] })).toEqual({
      proxy: 'proxy.example.org:3128',
      privateHosts: ['a.example.org', 'b.example.org'],
    });
  });
});

function init(repo: string, env: Record<string, string>): Promise<InitFindings> {
  const argv = [MAIN, 'init', repo, '--config', `${repo}.yaml`, '--as', 'ada', '--json'];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      argv,
      { cwd: dir, timeout: LONG, env: { PATH: process.env['PATH'], ...env } },
      (_error, stdout, stderr) => {
        if (stdout === '') reject(new Error(stderr));
        else resolve(JSON.parse(stdout) as InitFindings);
      },
    );
  });
}
