/**
 * The command itself, as a child of this process on Node 24. Its exit code becomes ours. The kernel tells it when we are killed
 * (`setpriv --pdeathsig`), so that even SIGKILL here leaves nothing running.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { findOnPath } from './executables.mjs';

const orphanCheckMs = 1_000;

/**
 * @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} the exit code to end with
 */
export function launch(program, args, env) {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv', env['PATH']) : null;
  const [file = program, ...rest] = [...(setpriv ? [setpriv, '--pdeathsig', 'TERM', '--'] : []), program, ...args];
  const child = spawn(file, rest, { env, stdio: 'inherit' });
  const stopPassing = passSignals(child);
  const stopWatching = watchForNpmsDeath(child, env);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      stopPassing();
      stopWatching();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/**
 * Ctrl-C reaches the whole foreground group, the child included: passing it on would make it two. Without a terminal the signal was
 * sent to this process alone.
 * @param {import('node:child_process').ChildProcess} child
 */
function passSignals(child) {
  /** @type {Array<[NodeJS.Signals, () => void]>} */
  const handlers = [
    ['SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT'))],
    ['SIGTERM', () => void child.kill('SIGTERM')],
    ['SIGHUP', () => void child.kill('SIGHUP')],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/**
 * Killed outright, npm can't pass anything on, and what it started would run on unseen. Only under npm: a person who starts the
 * command itself and lets the shell go (nohup) means it to stay.
 * @param {import('node:child_process').ChildProcess} child @param {NodeJS.ProcessEnv} env
 */
function watchForNpmsDeath(child, env) {
  if (!env['npm_lifecycle_event']) return () => {};
  const parents = lineage();
  const timer = setInterval(() => {
    if (lineage() !== parents) child.kill('SIGTERM');
  }, orphanCheckMs);
  return () => clearInterval(timer);
}

/** Who started us, and who started that: between npm and us there is a shell, which outlives npm. */
function lineage() {
  const parent = process.ppid;
  if (process.platform !== 'linux') return `${parent}`;
  try {
    // pid (name) state ppid …, where the name may hold anything but ends at the last bracket.
    const fields = readFileSync(`/proc/${parent}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ');
    return `${parent} ${fields[1]}`;
  } catch (error) {
    // It ended between the two questions: a different answer from before, which is what the caller asks for.
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return `${parent} gone`;
    throw error;
  }
}
