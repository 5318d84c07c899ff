import { z } from 'zod';
import { sealTool } from './tool.ts';

export const note = sealTool({
  name: 'note',
  description: 'Writes one short note for the people who follow this run: a decision and why. It changes nothing else.',
  schema: z.strictObject({ text: z.string().min(1).max(4000) }),
  // The transcript holds the call itself, so there is nothing to do twice.
  replay: () => 'safe',
  run: () => Promise.resolve({ content: 'noted', isError: false }),
});
