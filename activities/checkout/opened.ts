/** On which host's disk the work folder of a run is: a fact of the run, said once the folder is whole. */
import type { Control } from '../../store/port.ts';
import type { OpenedRuns } from '../git/port.ts';

export interface OpenedDeps {
  readonly control: Pick<Control, 'fact' | 'setFact'>;
  readonly host: string;
  readonly now: () => number;
}

export function openedRuns({ control, host, now }: OpenedDeps): OpenedRuns {
  return {
    host,
    hostOf: (run) => control.fact(`opened/${run}`),
    opened: (run) => control.setFact(`opened/${run}`, host, now()),
  };
}
