/** Why main could not be had: the remote, what the remote is, or this machine. Only the first heals by asking again. */
import { UNFIT_REMOTES } from '../../config/remote-folder.ts';
import { withoutPassword } from './trusted.ts';

/** The remote answers, and is of a kind that Lamplighter can't work with: a person must change something. */
export class RemoteUnfit extends Error {
  override readonly name = 'RemoteUnfit';
}

/** Our own clone could not take what was fetched: a fault of this machine, whatever the remote does. */
export class CloneFault extends Error {
  override readonly name = 'CloneFault';
}

const UNFIT: readonly { readonly said: RegExp; readonly words: string }[] = [
  { said: /mismatched algorithms/i, words: UNFIT_REMOTES.sha256 },
  { said: /shallow roots are not allowed/i, words: UNFIT_REMOTES.shallow },
  {
    said: /dubious ownership/i,
    words: 'it belongs to another user, and git does not read it: name its folder as it is, without links',
  },
  {
    said: /: (?:hasDot|hasDotdot|hasDotgit|fullPathname|gitmodules\w+): /,
    words: 'its history holds what git takes for an attack on whoever checks it out: take that out of its history',
  },
];

export interface FailedFetch {
  /** Such as `acme/shop: main`. */
  readonly what: string;
  readonly remote: string;
  /** What git said. */
  readonly said: string;
  /** The folder of our clones: who is told of a path in it, is told of this machine. */
  readonly root: string;
}

export function fetchFailure({ what, remote, said, root }: FailedFetch): Error {
  const words = withoutPassword(said.trim().slice(-2_000));
  if (remote.startsWith(root) || said.includes(root) || /No space left on device|Disk quota exceeded/i.test(said)) {
    return new CloneFault(
      `${what} could not be written to our own clone in ${root}; nothing is wrong with the remote: ${words}`,
    );
  }
  const from = `${what} could not be fetched from ${withoutPassword(remote)}`;
  const unfit = UNFIT.find((one) => one.said.test(said));
  return unfit === undefined ? new Error(`${from}: ${words}`) : new RemoteUnfit(`${from}: ${unfit.words} (${words})`);
}
