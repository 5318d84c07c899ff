/**
 * What setups want of the network, all of it in one go: a refused host ends nothing, because the one that is asked for next may be refused
 * too, and a person would rather be told once.
 */
import type { Refusal } from '../../activities/sandbox/proxy.ts';
import { isPublicAddress } from '../../activities/sandbox/address.ts';
import type { Egress } from '../../config/types.ts';

/** Answers with the address that a name stands for; throws where it stands for none. */
export type Resolve = (host: string) => Promise<string>;

export interface Learning {
  /** Names that were asked for and let reach. */
  readonly hosts: readonly string[];
  /** Hosts that stand for an address that is not public, and that nobody allowed: sentences. */
  readonly unreached: readonly string[];
  /** The way out with those names added that stand for the same server as one that was allowed. */
  egress(): Egress;
  /** Asked about each host that no contract lists. */
  admit(host: string): boolean;
  /** `again`: the name may be reached from now on; `stop`: it may not; `other`: it was not refused for its address. */
  refused(refusal: Refusal): 'again' | 'stop' | 'other';
  /** Looks at names that were never asked for, since what would ask for them was refused before: those that may not be reached are told too. */
  lookAt(names: readonly string[]): Promise<void>;
}

export async function createLearning(given: Egress, resolve: Resolve): Promise<Learning> {
  const hosts: string[] = [];
  const unreached = new Map<string, string>();
  const privateHosts = [...given.privateHosts];
  const servers = new Set((await Promise.all(privateHosts.map((host) => addressOf(host, resolve)))).filter(isSome));

  return {
    hosts,
    get unreached() {
      return [...unreached].map(([host, address]) => `${host} resolves to ${address}, which is not a public address`);
    },
    egress: () => ({ ...given, privateHosts: [...privateHosts] }),
    admit: (host) => isName(host) && (hosts.includes(host) || hosts.push(host) > 0),
    refused({ target, address }) {
      if (address === undefined) return 'other';
      const host = hostOf(target);
      if (servers.has(address)) {
        // One server by several names, such as an index and the files that it lists: who allowed the one allowed the server.
        privateHosts.push(host);
        return 'again';
      }
      unreached.set(host, address);
      return 'stop';
    },
    async lookAt(names) {
      // Another proxy resolves for itself.
      if (given.proxy !== null) return;
      for (const host of names.filter(
        (name) => isName(name) && !privateHosts.includes(name) && !hosts.includes(name),
      )) {
        const address = await addressOf(host, resolve);
        if (address !== null && !isPublicAddress(address) && !servers.has(address)) unreached.set(host, address);
      }
    },
  };
}

export function hostOf(target: string): string {
  return target.replace(/:\d+$/, '').toLowerCase();
}

/** Null where the name stands for nothing here: then nothing of this machine's network is behind it. */
async function addressOf(host: string, resolve: Resolve): Promise<string | null> {
  try {
    return await resolve(host);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function isSome(value: string | null): value is string {
  return value !== null;
}

/** Names of the world's own, as the contract takes them: no address, no name of this machine. */
function isName(host: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/.test(host);
}
