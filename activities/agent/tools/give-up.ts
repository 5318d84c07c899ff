import { z } from 'zod';
import { sealTool } from './tool.ts';
import { giveUp as endOf } from '../../hand-over/hand-over.ts';

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
      end: endOf(reason),
    }),
});
