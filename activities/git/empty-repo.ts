/**
 * A repository with nothing in it, as `git init` with an empty template makes it. Written by us: a checkout of each check starts with one, and no
 * hook or setting can come from elsewhere.
 */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from './absent.ts';

export interface EmptyRepo {
  readonly bare: boolean;
  /** Objects of another repository that this one sees as its own. */
  readonly borrows?: string;
  /** Settings by section, ours alone: neither is quoted. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export async function makeEmptyRepo(gitDir: string, { bare, borrows, settings = {} }: EmptyRepo): Promise<void> {
  // What setups write into stands there, as after `git init`; a repository of ours alone has no use for it.
  const written = bare ? [] : ['hooks', 'info'];
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', ...written])
    await mkdir(join(gitDir, folder), { recursive: true });
  const core = { repositoryformatversion: '0', filemode: 'true', bare: String(bare) };
  const sections = { core: bare ? core : { ...core, logallrefupdates: 'true' }, ...settings };
  const config = Object.entries(sections).map(([section, values]) => {
    const lines = Object.entries(values).map(([key, value]) => `\t${key} = ${value}\n`);
    return `[${section}]\n${lines.join('')}`;
  });
  await writeFile(join(gitDir, 'config'), config.join(''));
  if (borrows !== undefined) await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${borrows}\n`);
  // Last: without it git takes the folder for none of its own.
  await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/main\n');
}

/** All or nothing: a clone that was made half is not mistaken for one. */
export async function makeBare(dir: string, settings: NonNullable<EmptyRepo['settings']>): Promise<void> {
  if ((await stat(dir).catch(absent)) !== null) return;
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true });
  await makeEmptyRepo(fresh, { bare: true, settings });
  await rename(fresh, dir);
}
