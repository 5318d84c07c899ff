/**
 * Which machines are served, as one table, so that the answer is one line and never a stack trace halfway through.
 * @typedef {{ platform: string, arch: string, release: string, libc: 'glibc' | 'other', command: string }} Machine
 */

/** Commands that run agents, and so need the sandbox, which is Linux only. */
const sandboxed = new Set(['start', 'up']);

/**
 * @param {Machine} machine
 * @returns {string | null} why not, with what to do instead; null when it can run
 */
export function refusal({ platform, arch, release, libc, command }) {
  if (platform === 'win32')
    return 'Windows is served through WSL2 only: open a WSL2 shell and run the same command there.';
  if (platform === 'darwin') {
    return sandboxed.has(command)
      ? 'macOS has no bubblewrap, which agents are locked into: start it in a Linux VM (Lima, OrbStack, Colima); the CLI, the tests and the checks run here.'
      : null;
  }
  if (platform !== 'linux') return `${platform} is not served: run it on Linux, in WSL2, or in a Linux VM.`;
  if (/microsoft$/i.test(release))
    return 'WSL1 has no namespaces for the sandbox: convert it with `wsl --set-version <distribution> 2`.';
  if (arch !== 'x64' && arch !== 'arm64')
    return `Linux on ${arch} is not served: Temporal and Node 24 are built for x64 and arm64.`;
  if (libc !== 'glibc')
    return "Temporal's native library needs glibc: use a Debian, Ubuntu or Fedora machine or image, not a musl one such as Alpine.";
  return null;
}

/** @param {string} command @returns {Machine} */
export function thisMachine(command, release = '') {
  return { platform: process.platform, arch: process.arch, release, libc: libcOfThisProcess(), command };
}

/** @returns {'glibc' | 'other'} */
function libcOfThisProcess() {
  if (process.platform !== 'linux') return 'other';
  // The report would otherwise look up the name of every open socket, which can take seconds.
  const report = /** @type {{ excludeNetwork: boolean, getReport(): unknown }} */ (
    /** @type {unknown} */ (process.report)
  );
  report.excludeNetwork = true;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (report.getReport());
  return header.glibcVersionRuntime ? 'glibc' : 'other';
}
