import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allowCommand, extendConfig, type Addition } from './add-repo.ts';

const WEB_REPO = { name: 'web', remote: '/srv/web.git', branch: 'main', tracker: { kind: 'local', dir: 'issues/web' } };
const WEB: Addition = {
  repo: WEB_REPO,
  allow: false,
  egress: { proxy: null, privateHosts: [] },
  toolchains: {},
};

const MINE = `# Mine.
repos:
  # The first.
  - name: 'shop'   # quoted
    remote: /srv/shop.git
    tracker: { kind: local, dir: issues/shop, people: {ada: admin} }
    # deploy:
    #   command: ./deploy.sh

# Who may run.
allow: [shop] # only this one
egress:
  privateHosts:
    - a.example.org
toolchains:
  python:
    path: [/opt/python/bin]
`;

describe('a second repo', () => {
  it('is added to the configuration that is there, and every line of it stays', () => {
    const { text = '', isThere } = extendConfig(MINE, WEB) ?? {};
    expect(isThere).toBe(false);
    const lines = text.split('\n');
    expect(lines.filter((line) => MINE.split('\n').includes(line))).toEqual(MINE.split('\n'));
    expect(lines.indexOf('  - name: web')).toBe(lines.indexOf('    #   command: ./deploy.sh') + 1);
    expect((parse(text) as { repos: unknown[] }).repos).toMatchObject([{ name: 'shop' }, WEB.repo]);
  });

  it('brings the toolchains, hosts and the place under allow that are missing, and no more', () => {
    const more: Addition = {
      ...WEB,
      allow: true,
      egress: { proxy: 'proxy.example.org:3128', privateHosts: ['a.example.org', 'b.example.org'] },
      toolchains: { python: { path: ['/other'] }, go: { bind: ['/opt/go'], path: ['/opt/go/bin'] } },
    };
    const { text = '' } = extendConfig(MINE, more) ?? {};
    expect(text).toContain('allow: [shop, "web"] # only this one\n');
    expect(parse(text)).toMatchObject({
      allow: ['shop', 'web'],
      egress: { proxy: 'proxy.example.org:3128', privateHosts: ['a.example.org', 'b.example.org'] },
      toolchains: { python: { path: ['/opt/python/bin'] }, go: { path: ['/opt/go/bin'] } },
    });
    expect(extendConfig(text, more)).toEqual({ text, isThere: true });
  });

  it.each([
    ['repos: []\nallow: []\n'],
    ['repos: [{ name: shop, remote: /srv/shop.git, tracker: { kind: local, dir: i } }]'],
    ['repos:\n- name: shop\n  remote: /srv/shop.git\n  tracker: { kind: local, dir: i }\n'],
    ['# nothing yet\n'],
    [''],
  ])('is added to %j', (text) => {
    const added = extendConfig(text, { ...WEB, allow: true })?.text ?? '';
    expect((parse(added) as { repos: { name: string }[] }).repos.map(({ name }) => name)).toContain('web');
    expect((parse(added) as { allow: string[] }).allow).toEqual(['web']);
  });

  it('of the same name or remote is there already', () => {
    expect(extendConfig(MINE, { ...WEB, repo: { ...WEB_REPO, name: 'other', remote: '/srv/shop.git' } })).toEqual({
      text: MINE,
      isThere: true,
    });
  });

  it('is added to nothing that cannot be read', () => {
    expect(extendConfig('repos: {', WEB)).toBeNull();
    expect(extendConfig('reposs: []\n', WEB)).toBeNull();
  });

  it.each([
    ['allow: []\n', ['web']],
    ['allow: [shop] # only\n', ['web', 'shop']],
    ['allow:\n  # who\n  - shop\n', ['web', 'shop']],
  ])('is named under %j by the command that is printed', (text, allow) => {
    const dir = mkdtempSync(join(tmpdir(), 'lamplighter-allow-'));
    const file = join(dir, 'lamplighter.yaml');
    writeFileSync(file, text);
    execFileSync('/bin/sh', ['-c', allowCommand(text, 'web', file) ?? 'false']);
    expect(parse(readFileSync(file, 'utf8'))).toEqual({ allow });
    rmSync(dir, { recursive: true });
  });
});
