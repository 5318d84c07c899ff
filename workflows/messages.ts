import { defineSignal } from '@temporalio/workflow';
import type { OutsideSignal } from './ports.ts';

/** Empty on purpose: what a person did is a row in the store; the signal only says "look". */
export const poke = defineSignal('poke');
/** To a lane, from its run. */
export const runEnded = defineSignal<[string]>('runEnded');
/** For Temporal Web and its CLI, as the owner asked. */
export const escalate = defineSignal<[note?: string]>('escalate');
export const unfreeze = defineSignal<[input?: Partial<Extract<OutsideSignal, { kind: 'unfreeze' }>>]>('unfreeze');
