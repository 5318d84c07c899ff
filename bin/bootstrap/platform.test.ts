import { expect, test } from 'vitest';
import { refusal } from './platform.mjs';

const linux = { platform: 'linux', arch: 'x64', release: '6.1.0-28-amd64', libc: 'glibc', command: 'start' } as const;

test.each([
  ['Linux x64', linux],
  ['Linux arm64', { ...linux, arch: 'arm64' }],
  ['WSL2', { ...linux, release: '5.15.153.1-microsoft-standard-WSL2' }],
  ['tests on macOS', { ...linux, platform: 'darwin', arch: 'arm64', libc: 'other', command: 'test' } as const],
])('%s is served', (_name, machine) => {
  expect(refusal(machine)).toBeNull();
});

test.each([
  ['Windows', { ...linux, platform: 'win32' }, /WSL2/],
  ['WSL1', { ...linux, release: '4.4.0-19041-Microsoft' }, /WSL1/],
  ['agents on macOS', { ...linux, platform: 'darwin', libc: 'other' } as const, /Linux VM/],
  ['another processor', { ...linux, arch: 'riscv64' }, /riscv64/],
  ['a musl system', { ...linux, libc: 'other' } as const, /glibc/],
  ['another system', { ...linux, platform: 'freebsd' }, /freebsd/],
])('%s is refused in one line that says what to do', (_name, machine, words) => {
  const line = refusal(machine);
  expect(line).toMatch(words);
  expect(line).not.toContain('\n');
});
