/** Bare remotes on this machine, with their own log of the pushes that they took. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface RigRemote {
  readonly remote: string;
  git(...args: string[]): string;
  /** Commits straight to the remote's main, as a colleague would. */
  land(files: Readonly<Record<string, string>>, subject: string): string;
  /** Lines of the remote's own log: one a push that it took. */
  pushes(): string[];
}

export function createRemote(dir: string, files: Readonly<Record<string, string>>): RigRemote {
  const remote = makeRemote(dir, files);
  return {
    remote,
    git: (...args) => execFileSync('git', args, { cwd: remote, encoding: 'utf8', env: gitEnv(dir) }).trim(),
    land: (more, subject) => land(dir, remote, more, subject),
    pushes: () => lines(join(remote, 'pushes.log')),
  };
}

function makeRemote(dir: string, files: Readonly<Record<string, string>>): string {
  const remote = join(dir, 'remote.git');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', remote], { env: gitEnv(dir) });
  land(dir, remote, files, 'First');
  const hook = join(remote, 'hooks', 'post-receive');
  writeFileSync(hook, '#!/bin/sh\ncat >> pushes.log\n');
  chmodSync(hook, 0o755);
  return remote;
}

/** A commit straight to the remote's main, as a colleague would; answers with its sha. `dir` holds the clone meanwhile. */
export function land(dir: string, remote: string, files: Readonly<Record<string, string>>, subject: string): string {
  const work = mkdtempSync(join(dir, 'colleague-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: work, encoding: 'utf8', env: gitEnv(dir), stdio: ['ignore', 'pipe', 'ignore'] });
  git('clone', '-q', remote, '.');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  git('add', '-A');
  git('-c', 'user.name=Colleague', '-c', 'user.email=colleague@example.invalid', 'commit', '-q', '-m', subject);
  git('push', '-q', 'origin', 'HEAD:main');
  const sha = git('rev-parse', 'HEAD').trim();
  rmSync(work, { recursive: true });
  return sha;
}

function gitEnv(dir: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: dir, GIT_CONFIG_NOSYSTEM: '1' };
}

export function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
