import { z } from 'zod';
import { sealTool } from './tool.ts';
import { headOf } from '../../../domain/text.ts';

/** Reasons pass through workflow history, which is no place for long texts. */
export const REASON_CHARACTERS = 500;

export const giveUp = sealTool({
  name: 'give_up',
  description:
    'Ends the work without a result and calls a person. Say what was tried and what stands in the way. Better than a change that only looks right.',
  schema: z.strictObject({ reason: z.string().min(1).max(8000) }),
  replay: () => 'safe',
  run: ({ reason }) =>
    Promise.resolve({
      content: 'A person takes over from here.',
      isError: false,
      end: { kind: 'gave-up', reason: headOf(reason, REASON_CHARACTERS) },
    }),
});
