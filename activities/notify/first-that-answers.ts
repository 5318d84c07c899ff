import type { Notifier } from './port.ts';

export interface Channel {
  readonly name: string;
  readonly notifier: Notifier;
}

/** Channels in the order in which they are tried; fails when none gets through, with what each of them said. */
export function firstThatAnswers(channels: readonly Channel[]): Notifier {
  return {
    async deliver(escalation, link) {
      const failures: string[] = [];
      for (const { name, notifier } of channels) {
        try {
          await notifier.deliver(escalation, link);
          return;
        } catch (error) {
          failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      throw new Error(`no channel got through: ${failures.join('; ')}`);
    },
  };
}
