/** A verb that turns the power is sent only when somebody said so: at a terminal by typing it, in a script by --yes. */
import { createInterface } from 'node:readline';
import type { Verb } from '../../domain/breakglass/verb.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';

const MEANS: Readonly<Record<Exclude<Verb, 'status' | 'forensics'>, string>> = {
  reset: 'resets it, as its reset button would: what it has not written is lost',
  stop: 'stops it: it is OFF until somebody starts it',
  start: 'starts it, if it is off',
  cycle: 'stops it and starts it in a fresh QEMU: what it has not written is lost, staged changes are applied',
};

export async function confirm(verb: keyof typeof MEANS, vm: string, where: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CliFailure(
      EXIT.usage,
      'not-confirmed',
      `${verb} of ${vm} ${MEANS[verb]}, and nobody is at this terminal to confirm it: nothing was sent`,
      'add --yes where that is meant',
    );
  process.stderr.write(`${verb} of ${vm} ${MEANS[verb]}.\n`);
  if ((await typedLine(`At ${where}. Type ${verb} to go on: `)).trim() === verb) return;
  throw new CliFailure(EXIT.usage, 'not-confirmed', 'not confirmed: nothing was sent', null);
}

/** Empty where the line was never finished, as after Ctrl-C or Ctrl-D. */
function typedLine(prompt: string): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stderr, prompt });
  return new Promise((resolve) => {
    asking.once('close', () => resolve(''));
    asking.once('line', (line) => {
      resolve(line);
      asking.close();
    });
    asking.prompt();
  });
}
