import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostName } from './host-name.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'host-name-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('is of the data directory: made once and kept in it, and another directory of the machine has another', () => {
  const [one, two] = [join(dir, 'one'), join(dir, 'two')];
  const name = hostName(one);
  expect(name).toMatch(/^[a-z0-9-]+-[0-9a-f]{6}$/);
  expect(hostName(one)).toBe(name);
  expect(hostName(two)).not.toBe(name);
  expect(readdirSync(one)).toEqual(['host']);
});

it('is what stands there, and an empty file is an error that says what to do', () => {
  writeFileSync(join(dir, 'host'), 'attic\n');
  expect(hostName(dir)).toBe('attic');
  writeFileSync(join(dir, 'host'), '');
  expect(() => hostName(dir)).toThrow('remove the file');
});
