import { describe, expect, it } from 'vitest';
import { wantsDocker } from './docker.ts';

describe('a failure that wants Docker', () => {
  it.each([
    ['the client', 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'],
    [
      'a newer client',
      'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct',
    ],
    ['a client by socket', 'Error: connect ENOENT /var/run/docker.sock'],
    ['testcontainers of Node', 'Error: Could not find a working container runtime strategy'],
    ['testcontainers of Java', 'java.lang.IllegalStateException: Could not find a valid Docker environment.'],
    ['testcontainers of Go', 'panic: rootless Docker not found'],
    [
      'the library of Python',
      "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.')",
    ],
    ['dash', 'sh: 1: docker: not found'],
    ['bash', 'bash: line 1: docker-compose: command not found'],
    ['a client without compose', 'docker: unknown command: docker compose'],
    ['Node', 'Error: spawn docker ENOENT'],
    ['Go', 'exec: "docker": executable file not found in $PATH'],
    ['Python', "FileNotFoundError: [Errno 2] No such file or directory: 'docker'"],
  ])('is known by the words of %s', (_who, output) => {
    expect(wantsDocker(output)).toBe(true);
  });

  it.each([
    'AssertionError: expected "docker" to equal "podman"',
    'not ok 1 - builds the docker image name',
    'Error: connect ECONNREFUSED 127.0.0.1:5432',
    'sh: 1: dockerize: not found',
  ])('is not %s', (output) => {
    expect(wantsDocker(output)).toBe(false);
  });
});
