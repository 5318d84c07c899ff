/** What a breakglass key can say: six verbs for one VM, each execution under an id that makes it happen once. */

export const VERBS = ['status', 'forensics', 'reset', 'stop', 'start', 'cycle'] as const;
export type Verb = (typeof VERBS)[number];

export const IDENTITIES = ['ro', 'agent', 'human'] as const;
export type Identity = (typeof IDENTITIES)[number];

/** A ULID in capitals, as the host's grammar wants it. */
export const OP_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Whether the verb may change the power of the VM. The others may be repeated as one likes. */
export function turnsPower(verb: Verb): boolean {
  return verb !== 'status' && verb !== 'forensics';
}

/** The VM that a client means. Its name is compared where the host knows one. */
export interface MeantVm {
  readonly vmid: number;
  readonly name: string | null;
}

/** What is said beside verb and op: each word only where it was given, so that an older host understands a request without. */
export interface RequestWords {
  readonly vm?: MeantVm | null;
  /** Seconds that QEMU is given to end by itself, and that the guest is waited for; the host has its bounds. */
  readonly stopWait?: number;
  readonly guestWait?: number;
}

/** The one line that goes to the host. */
export function requestText(verb: Verb, op: string | null, { vm, stopWait, guestWait }: RequestWords = {}): string {
  return [
    verb,
    ...(vm == null ? [] : [`vm=${vm.vmid}${vm.name === null ? '' : `/${vm.name}`}`]),
    ...(stopWait === undefined ? [] : [`stop-wait=${stopWait}`]),
    ...(guestWait === undefined ? [] : [`guest-wait=${guestWait}`]),
    ...(op === null ? [] : [`op=${op}`]),
  ].join(' ');
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const RANDOM_CHARACTERS = 16;

/** `random`: at least 16 bytes that nobody can guess. */
export function opIdOf(atMs: number, random: Uint8Array): string {
  if (random.length < RANDOM_CHARACTERS) throw new Error(`an op id needs ${RANDOM_CHARACTERS} random bytes`);
  const time = Array.from({ length: 10 }, (_none, at) => ALPHABET[Math.floor(atMs / 32 ** (9 - at)) % 32]);
  const rest = Array.from({ length: RANDOM_CHARACTERS }, (_none, at) => ALPHABET[(random[at] ?? 0) % 32]);
  return [...time, ...rest].join('');
}
