import { z } from 'zod';
import type { Kind } from '../schemas/kind.ts';

const log = z.strictObject({ kind: z.literal('log') });

export const logNotifier: Kind<typeof log, typeof log> = {
  written: log,
  resolved: log,
  resolve: (given) => given,
};
