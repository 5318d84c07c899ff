/**
 * Tests that start containers cannot run in the sandbox. This tells such a failure by what was printed, so that it can be explained: it
 * judges nothing, and what passes is never looked at.
 */
export const NO_DOCKER =
  'this wants Docker, which the sandbox does not give: have .lamplighter.yml ask for a postgres or redis under `services`, or leave these tests out of the check';

/** What clients and shells say where there is no daemon, no socket and no program. */
const SIGNS: readonly RegExp[] = [
  /cannot connect to the docker daemon/i,
  /failed to connect to the docker API/i,
  /docker\.sock/,
  /could not find a (working container runtime strategy|valid docker environment)/i,
  /rootless docker not found/i,
  /DockerException|docker is not installed/i,
  /error while fetching server API version/i,
  /\bdocker(-compose)?: (command )?not found/,
  /\bdocker: (unknown command: docker compose|'compose' is not a docker command)/,
  /(spawn|exec:|No such file or directory:) ["']?docker(-compose)?["']?( ENOENT|:? executable file not found|$)/m,
];

export function wantsDocker(output: string): boolean {
  return SIGNS.some((sign) => sign.test(output));
}
