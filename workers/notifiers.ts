/** Which adapter serves each kind of channel, and the channels of a configuration as one. A new kind is a line of `KINDS`. */
import { createLogNotifier } from '../activities/notify/channels/log.ts';
import { firstThatAnswers } from '../activities/notify/first-that-answers.ts';
import type { Notifier } from '../activities/notify/port.ts';
import type { Config, NotifierConfig } from '../config/types.ts';

type Kinds = {
  readonly [Kind in NotifierConfig['kind']]: (settings: Extract<NotifierConfig, { kind: Kind }>) => Notifier;
};

const KINDS: Kinds = {
  log: () => createLogNotifier(),
};

export function notifierOf({ notifiers }: Pick<Config, 'notifiers'>): Notifier {
  return firstThatAnswers(notifiers.map((settings) => ({ name: settings.kind, notifier: openNotifier(settings) })));
}

function openNotifier<Kind extends NotifierConfig['kind']>(
  settings: Extract<NotifierConfig, { kind: Kind }>,
): Notifier {
  return KINDS[settings.kind](settings);
}
