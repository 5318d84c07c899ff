/** `lamplighter breakglass` as a person has it: a folder with lamplighter.yaml and keys, a real sshd, the real script. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Identity } from '../host/call.ts';
import type { LabSshd } from '../lab/sshd/sshd.ts';
import { lamplighter, type Ran } from '../setup/lamplighter.ts';

export interface Desk {
  readonly folder: string;
  /** The key file of an identity, a copy: a test may spoil it. */
  key(identity: Identity): string;
  configure(changed?: Readonly<Record<string, unknown>>): void;
  run(...args: string[]): Promise<Ran>;
  close(): void;
}

/** `vmid`: of the host behind that sshd. */
export function deskFor(sshd: LabSshd, vmid = 102): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'desk-'));
  const key = (identity: Identity): string => join(folder, identity);
  const configure = (changed: Readonly<Record<string, unknown>> = {}): void => {
    for (const identity of ['ro', 'agent', 'human'] as const) copyFileSync(sshd.keys[identity], key(identity));
    const { host, port, user, hostKey } = sshd;
    const keys = { ro: 'ro', agent: 'agent', human: 'human' };
    const breakglass = { host, port, user, hostKey, vmid, keys, ...changed };
    writeFileSync(join(folder, 'lamplighter.yaml'), stringify({ breakglass }));
  };
  configure();
  return {
    folder,
    key,
    configure,
    // A verb takes what the host takes.
    run: (...args) => lamplighter(args, folder, 120_000),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
