import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Extended } from './add-repo.ts';
import { compareDraft, writeDraft } from './files.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-drafts-'));
  path = join(dir, 'lamplighter.yaml');
});
afterEach(() => rmSync(dir, { recursive: true }));

const draft = (name: string, more = ''): { path: string; text: string } => ({
  path,
  text: `# Drafted by \`lamplighter init\`: read it.\nrepos:\n  - name: ${name}\n${more}`,
});

async function drafted(name: string, more?: string): Promise<string> {
  const file = await compareDraft(draft(name, more), { ofRepo: `- name: ${name}\n` });
  if (file.state === 'new' || file.state === 'renewed') writeDraft(file);
  return file.state;
}

describe('a draft', () => {
  it('is written where there is none, and is the same when nothing changed', async () => {
    expect(await drafted('shop')).toBe('new');
    expect(await drafted('shop')).toBe('same');
  });

  it('that nobody touched is drafted anew', async () => {
    await drafted('shop');
    expect(await drafted('shop', 'slots: 2\n')).toBe('renewed');
    expect(readFileSync(path, 'utf8')).toContain('slots: 2');
    expect(await drafted('shop', 'slots: 3\n')).toBe('renewed');
  });

  it('that was edited stays as it is', async () => {
    await drafted('shop');
    writeFileSync(path, readFileSync(path, 'utf8').replace('read it', 'read'));
    expect(await drafted('shop', 'slots: 2\n')).toBe('kept');
    expect(readFileSync(path, 'utf8')).not.toContain('slots');
  });

  it('of another repo stays as it is', async () => {
    await drafted('shop');
    expect(await drafted('web')).toBe('kept');
    expect(readFileSync(path, 'utf8')).toContain('name: shop');
  });

  it('is what is there with the further repo, where another one stands, and is written as that', async () => {
    await drafted('shop');
    const extend = (there: string): Extended => ({ text: `${there}  - name: web\n`, isThere: there.includes('web') });
    const file = await compareDraft(draft('web'), { ofRepo: '- name: web\n', extend });
    expect(file).toMatchObject({ state: 'added', difference: expect.stringContaining('+  - name: web') as string });
    writeDraft(file);
    expect(readFileSync(path, 'utf8')).toMatch(/- name: shop\n {2}- name: web\n$/);
    expect(await drafted('shop', 'slots: 2\n')).toBe('kept');
  });

  it('that is edited while the new one is looked at stays as it is', async () => {
    await drafted('shop');
    const file = await compareDraft(draft('shop', 'slots: 2\n'));
    writeFileSync(path, '# Mine\n');
    expect(() => writeDraft(file)).toThrow('was edited meanwhile');
    expect(readFileSync(path, 'utf8')).toBe('# Mine\n');
  });
});
