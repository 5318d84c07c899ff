/**
 * Progress of the bootstrap, for a tired person: `[1/4] packages … 38 s`. Everything goes to stderr: stdout belongs to the command
 * that follows, whose `--json` a program may be reading.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findOnPath } from './executables.mjs';

const tailLines = 25;
const stillEveryMs = 15_000;
/** Asked to end, a command has this long for it. */
const endMs = 3_000;

/** What happened, to what, why, and what to do about it. */
export class BootstrapError extends Error {
  /** @param {string} what @param {string} remedy @param {string} [output] */
  constructor(what, remedy, output = '') {
    super(what);
    this.name = 'BootstrapError';
    this.remedy = remedy;
    this.output = output;
  }
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Runs the steps in order, each with its number, name and time. A step returns what it found or did, in a few words.
 * @param {Array<{ name: string, run: (note: (text: string) => void) => Promise<string> | string }>} steps
 */
export async function runSteps(steps) {
  for (const [index, step] of steps.entries()) {
    const label = `[${index + 1}/${steps.length}] ${step.name}`;
    const started = Date.now();
    const still = setInterval(() => say(`${label}: still at it, ${seconds(Date.now() - started)}`), stillEveryMs);
    try {
      const result = await step.run((text) => say(`${label}: ${text}`));
      say(`${label}: ${result} … ${seconds(Date.now() - started)}`);
    } catch (error) {
      say(`${label}: failed … ${seconds(Date.now() - started)}`);
      throw error;
    } finally {
      clearInterval(still);
    }
  }
}

/** @param {BootstrapError} error */
export function explain(error) {
  if (error.output) say(error.output.replace(/^/gm, '    '));
  say(`lamplighter: ${error.message}`);
  say(`  what to do: ${error.remedy}`);
}

/**
 * Runs one command with its output held back; only a failure shows it, and only the end of it.
 * @param {string} command @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, remedy: string }} options
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, { remedy, ...options }) {
  return new Promise((resolve, reject) => {
    // A group of its own: whatever it has started ends with it, and it with us, even when we are killed outright.
    const setpriv = process.platform === 'linux' ? findOnPath('setpriv', process.env['PATH']) : null;
    const [file = command, ...rest] = [...(setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []), command, ...args];
    const { child, stopEnding } = startEndingWithUs(command, () =>
      spawn(file, rest, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => (output = (output + chunk.toString()).slice(-200_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      reject(new BootstrapError(`${command} could not be started: ${error.message}`, remedy)),
    );
    child.on('close', (code, signal) => {
      stopEnding();
      if (code === 0) return resolve(output);
      const tail = output.trimEnd().split('\n').slice(-tailLines).join('\n');
      reject(
        new BootstrapError(
          `\`${[command, ...args].join(' ')}\` ended with ${signal ?? `exit code ${code}`}`,
          remedy,
          tail,
        ),
      );
    });
  });
}

/**
 * Who stops us stops the command: left behind, it would go on deleting and writing under whoever starts next. So it is started when we
 * listen already; what we hear meanwhile is handled when this turn has ended, and the child is there.
 * @template {import('node:child_process').ChildProcess} Child
 * @param {string} command @param {() => Child} start
 */
function startEndingWithUs(command, start) {
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    say(`lamplighter: stopping ${command}`);
    const leave = () => {
      signalGroup(child, 'SIGKILL');
      say('lamplighter: stopped; the next start does again what was left half done');
      process.exit(128 + constants.signals[signal]);
    };
    child.once('exit', leave);
    setTimeout(leave, endMs);
    signalGroup(child, 'SIGTERM');
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.once(signal, end);
  const child = start();
  const stopEnding = () => {
    for (const signal of signals) process.off(signal, end);
  };
  return { child, stopEnding };
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function signalGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch (error) {
    // All of it has ended.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
