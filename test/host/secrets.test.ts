/** What Proxmox says when something fails may hold what is in a configuration. It is told to a client, and kept, without its secrets. */
import { describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

const secret = 'sw0rdfish';

describe('a start that fails with the whole command line in its words', sideBySide, () => {
  it.each([
    [
      'a timeout',
      `start failed: command '/usr/bin/kvm -id 102 -fw_cfg name=opt/x,string=${secret} -m 4096' failed: got timeout`,
    ],
    [
      'an option that QEMU refuses',
      `kvm: -fw_cfg name=opt/x,string=${secret}: no such thing: really\\nstart failed: QEMU exited with code 1`,
    ],
    [
      'a drive with its key',
      `kvm: -drive file=rbd:pool/vm:id=admin:key=${secret}==: error connecting\\nstart failed: QEMU exited with code 1`,
    ],
  ])('(%s) tells why, and no secret', async (_what, words) => {
    const host = await fakeHost();
    ownQm(host, `if [[ $1 == start ]]; then printf '%b\\n' "${words}" >&2; exit 255; fi`);

    const { stdout, stderr, document } = await call(host, 'human', 'cycle');

    expect(document()).toMatchObject({ reason: 'stopped_start_failed' });
    // All of it, not its first line.
    expect(document().hint).toMatch(/start failed: .*(got timeout|QEMU exited with code 1)/);
    expect(`${stdout}${stderr}${host.read('log')}`).not.toContain(secret);
  });
});

describe('a capture', sideBySide, () => {
  it.each([
    [
      'a note on the VM, as Proxmox prints it',
      `description: admin password%3A ${secret} or password%3D${secret}%0Atoken%3A%20${secret}`,
    ],
    ['a bearer token', `description: Authorization: Bearer ${secret}`],
    ['an access key', `description: aws_secret_access_key=${secret}`],
    ['a key in a drive', `virtio1: rbd:pool/vm-102-disk-1:id=admin:key=${secret}==,size=1G`],
    ['credentials in an address', `description: https://root:${secret}@192.0.2.1/`],
    ['a passphrase', `description: passphrase ${secret}`],
  ])('strikes out %s', async (_what, line) => {
    const host = await fakeHost();
    host.write(`${host.read('machine/config')}${line}\n`, 'machine/config');

    const { evidence } = (await call(host, 'ro', 'forensics')).document();

    for (const item of ['config', 'pending']) {
      expect(host.read('evidence', evidence!.id, item)).toContain(line.split(' ')[0]);
      expect(host.read('evidence', evidence!.id, item)).not.toContain(secret);
    }
  });
});
