/** A lock that all processes of this host respect. The kernel holds it for a small process of ours, which dies with us: no stale locks. */
import { describeEnd, exec } from '../exec/exec.ts';

/** Longer than any honest holder: a fetch or push of a big repo. */
const PATIENCE_SECONDS = 15 * 60;
const HELD_AT_MOST_MS = 24 * 3_600_000;

export async function holdingLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const release = new AbortController();
  let held = false;
  let onHeld: () => void = () => undefined;
  const holding = new Promise<void>((resolve) => {
    onHeld = resolve;
  });
  const argv = [
    'flock',
    '--no-fork',
    '-w',
    String(PATIENCE_SECONDS),
    file,
    'sh',
    '-c',
    'echo held >&3; exec sleep infinity',
  ];
  const holder = exec(argv, {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    wallMs: HELD_AT_MOST_MS,
    keepBytes: 4_096,
    signal: release.signal,
    onStatus: () => {
      held = true;
      onHeld();
    },
  });
  const ended = await Promise.race([holding.then(() => null), holder]);
  if (ended !== null && !held) {
    throw new Error(
      `the lock ${file} was not got within ${PATIENCE_SECONDS / 60} minutes: flock ${describeEnd(ended, HELD_AT_MOST_MS)}`,
    );
  }
  try {
    return await work();
  } finally {
    release.abort();
    await holder;
  }
}
