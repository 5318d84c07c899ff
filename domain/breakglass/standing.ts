/**
 * What a script needs to know of a VM, from the class that its host gave: does it run, is it off, is it wedged? A class that is not known here, as
 * of a newer script, is none of the three.
 */
export const STANDINGS = ['running', 'off', 'wedged', 'unclear'] as const;
export type Standing = (typeof STANDINGS)[number];

/** Raised when a code changes its meaning. */
export const STATUS_EXIT_VERSION = 1;
/** Of `status`, beside the codes of every verb. */
export const STATUS_EXIT: Readonly<Record<Standing, number>> = { running: 0, off: 10, wedged: 11, unclear: 12 };

/** With what is to be repaired inside it, or at its monitor. */
const RUNNING = ['responding', 'guest_service_down', 'agent_silent', 'monitor_busy', 'monitor_broken'];
/** It is there and does not do its work: a verb, or a thaw, is due. */
const WEDGED = [
  'qmp_dead',
  'block_flat',
  'io_error',
  'internal_error',
  'guest_panicked',
  'guest_silent',
  'guest_off',
  'paused',
  'stands_still',
  'fs_frozen',
  'qemu_hangs_in_kernel',
];

export interface Seen {
  readonly class: string;
  readonly agentPing: string;
  readonly banner: string;
}

export function standingOf({ class: name, agentPing, banner }: Seen): Standing {
  if (name === 'off') return 'off';
  if (WEDGED.includes(name)) return 'wedged';
  // Where the monitor says nothing, that the VM runs is the guest's to say.
  const heard = agentPing === 'yes' || banner === 'yes';
  if (RUNNING.includes(name) && (heard || !name.startsWith('monitor_'))) return 'running';
  return 'unclear';
}
