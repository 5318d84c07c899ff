/**
 * Progress of the bootstrap, for a tired person: `[1/4] packages … 38 s`. Everything goes to stderr: stdout belongs to the command
 * that follows, whose `--json` a program may be reading.
 */
import { spawn } from 'node:child_process';

const tailLines = 25;
const stillEveryMs = 15_000;

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
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => (output = (output + chunk.toString()).slice(-200_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      reject(new BootstrapError(`${command} could not be started: ${error.message}`, remedy)),
    );
    child.on('close', (code, signal) => {
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
