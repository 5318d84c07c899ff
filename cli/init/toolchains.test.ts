import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findToolchains } from './toolchains.ts';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'lamplighter-toolchains-')));
});
afterEach(() => rmSync(home, { recursive: true }));

function program(path: string, script: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), `#!/bin/sh\n${script}\n`);
  chmodSync(join(home, path), 0o755);
}

function python(version: string): void {
  const folder = `.pyenv/versions/${version}`;
  program(`${folder}/bin/python3`, `echo ${join(home, folder)}\necho ${version}`);
}

describe('a toolchain', () => {
  it('behind a shim on PATH is the folder of its version, asked in the repo', async () => {
    python('3.12.1');
    program('shims/python3', `[ "$PWD" = ${home} ] && exec ${home}/.pyenv/versions/3.12.1/bin/python3 "$@"\nexit 1`);
    const { found } = await findToolchains(['python'], home, { PATH: `${home}/shims:/bin`, HOME: home });
    expect(found).toMatchObject([
      {
        name: 'python',
        version: '3.12.1',
        builtIn: false,
        bind: [join(home, '.pyenv/versions/3.12.1')],
        path: [join(home, '.pyenv/versions/3.12.1/bin')],
      },
    ]);
  });

  it('that PATH lacks is the newest that a version manager keeps', async () => {
    python('3.9.18');
    python('3.10.2');
    const { found } = await findToolchains(['python'], home, { PATH: `${home}/shims`, HOME: home });
    expect(found.map((one) => one.version)).toEqual(['3.10.2']);
  });

  it('that is nowhere is named with what to do', async () => {
    const { found, notes } = await findToolchains(['cargo'], home, { PATH: `${home}/shims`, HOME: home });
    expect(found).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('rustc was not found')]);
  });

  it('of Node is Lamplighter’s own where there is no other, and the other’s where one is outside /usr', async () => {
    const none = await findToolchains(['node'], home, { PATH: `${home}/shims`, HOME: home });
    expect(none.found).toMatchObject([{ name: 'node', builtIn: true, version: process.version }]);
    program('.nvm/versions/node/v22.1.0/bin/node', `echo ${home}/.nvm/versions/node/v22.1.0\necho v22.1.0`);
    const other = await findToolchains(['node'], home, { PATH: `${home}/shims`, HOME: home });
    expect(other.found).toMatchObject([{ name: 'node-22', bind: [join(home, '.nvm/versions/node/v22.1.0')] }]);
  });

  it('of Rust is known by what writes a report of its tests', async () => {
    const rustc = (name: string): void => {
      const sysroot = join(home, '.rustup/toolchains', name);
      program(`.rustup/toolchains/${name}/bin/rustc`, `echo ${sysroot}`);
      program('shims/rustc', `echo ${sysroot}`);
    };
    const env = { PATH: `${home}/shims:/bin`, HOME: home };
    rustc('stable-x86_64');
    expect((await findToolchains(['cargo'], home, env)).cargo).toBe('stable');
    rustc('nightly-x86_64');
    expect((await findToolchains(['cargo'], home, env)).cargo).toBe('nightly');
    program('shims/cargo-nextest', 'echo 1');
    const { cargo, found } = await findToolchains(['cargo'], home, env);
    expect(cargo).toBe('nextest');
    expect(found).toMatchObject([
      { name: 'rust', path: [join(home, '.rustup/toolchains/nightly-x86_64/bin'), join(home, 'shims')] },
    ]);
  });

  it('takes pnpm from PATH, but not what corepack put there', async () => {
    program('shims/pnpm', 'echo 9');
    const env = { PATH: `${home}/shims`, HOME: home };
    expect((await findToolchains(['node'], home, env)).pnpm).toBe(true);
    program('corepack/dist/pnpm.js', 'echo 9');
    rmSync(join(home, 'shims/pnpm'));
    symlinkSync(join(home, 'corepack/dist/pnpm.js'), join(home, 'shims/pnpm'));
    expect((await findToolchains(['node'], home, env)).pnpm).toBe(false);
  });

  it('is asked without the secrets of who asks', async () => {
    program('shims/go', `[ -z "$SECRET_TOKEN" ] || exit 1\necho ${home}\necho go1.99`);
    const env = { PATH: `${home}/shims`, HOME: home, SECRET_TOKEN: 'x' };
    expect((await findToolchains(['go'], home, env)).found).toMatchObject([{ version: 'go1.99' }]);
  });
});
