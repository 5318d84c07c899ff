import { expect, test } from 'vitest';
import { aptRefusal, isDebianFamily, missingPackages } from './system-packages.mjs';
import { SYSTEM_PARTS } from './system-parts.mjs';

const debian = { platform: 'linux', uid: 0, apt: undefined, osRelease: 'PRETTY_NAME="Debian 12"\nID=debian\n' };

test('apt is ours to use as root on Debian and what descends from it', () => {
  expect(aptRefusal(debian)).toBeNull();
  expect(isDebianFamily('ID=pop\nID_LIKE="ubuntu debian"\n')).toBe(true);
  expect(isDebianFamily('NAME="not debian"\nID=fedora\n')).toBe(false);
});

test.each([
  ['an ordinary user', { ...debian, uid: 1000 }, /root/],
  ['LAMPLIGHTER_APT=no', { ...debian, apt: 'no' }, /LAMPLIGHTER_APT/],
  ['Fedora', { ...debian, osRelease: 'ID=fedora\n' }, /not Debian/],
  ['macOS', { ...debian, platform: 'darwin', osRelease: '' }, /not Debian/],
])('%s: apt is left alone, with the reason', (_name, facts, reason) => {
  expect(aptRefusal(facts)).toMatch(reason);
});

test('starting asks for less than testing, and each package is named once', () => {
  const nowhere = '/nonexistent';
  expect(missingPackages('start', nowhere)).toEqual(['git', 'bubblewrap', 'socat', 'util-linux']);
  expect(missingPackages('test', nowhere)).toEqual(expect.arrayContaining(['git', 'ripgrep', 'python3-pytest']));
});

test('an SSH server is never brought to a machine that would open its port at the next boot', () => {
  expect(SYSTEM_PARTS.sshd).toMatchObject({ debian: 'openssh-server', bring: 'test', opensPort: true });
  expect(missingPackages('test', '/nonexistent', true)).not.toContain('openssh-server');
});
