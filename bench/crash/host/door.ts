/** The ways in which a verb is asked for: as sshd would run the forced command, or through a real ssh and sshd. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { breakglassResultSchema, type BreakglassResult } from '../../../config/breakglass-result.ts';
import { script } from '../../../test/host/call.ts';
import type { LabHost } from '../../../test/lab/lab-host.ts';
import type { LabSshd } from '../../../test/lab/sshd/sshd.ts';

export interface Client {
  /** What it said, once it has gone; null when that was no document. */
  readonly answer: Promise<BreakglassResult | null>;
  /** It goes away, as a laptop's lid closes. False when it had gone already. */
  lose(): boolean;
}

export interface Door {
  ask(request: string): Client;
}

/** Each asked process is a session of its own, as sshd makes it. */
export function directDoor(host: LabHost): Door {
  return {
    ask(request) {
      const env = { PATH: process.env['PATH'], SSH_ORIGINAL_COMMAND: request };
      const child = spawn(script, ['--config', host.config, 'human'], { env, detached: true, stdio: 'pipe' });
      return clientOf(child, () => {
        // All that the script sees of a client that went away: nobody reads what it says.
        child.stdout?.destroy();
        child.stderr?.destroy();
        return true;
      });
    },
  };
}

export function sshDoor(host: LabHost, sshd: LabSshd): Door {
  const known = join(host.root, 'known_hosts');
  writeFileSync(known, `[${sshd.host}]:${sshd.port} ${sshd.hostKey}\n`);
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${known}`];
  const args = ['-Fnone', `-p${sshd.port}`, `-i${sshd.keys.human}`, ...options.map((one) => `-o${one}`)];
  return {
    ask(request) {
      const child = spawn('ssh', [...args, `${sshd.user}@${sshd.host}`, request], { stdio: 'pipe' });
      return clientOf(child, () => child.kill('SIGKILL'));
    },
  };
}

function clientOf(child: ChildProcess, lose: () => boolean): Client {
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.resume();
  let gone = false;
  const answer = once(child, 'close').then(() => {
    gone = true;
    return documentIn(said);
  });
  return { answer, lose: () => !gone && lose() };
}

/** One that died in the middle of a word said nothing. */
function documentIn(said: string): BreakglassResult | null {
  try {
    return breakglassResultSchema.parse(JSON.parse(said));
  } catch {
    return null;
  }
}

/** What the timer starts each minute. */
export async function startResumer(host: LabHost): Promise<void> {
  const child = spawn(script, ['--config', host.config, '--resume'], { detached: true, stdio: 'ignore' });
  await once(child, 'close');
}
