import { z } from 'zod';
import type { Kind } from '../schemas/kind.ts';

const builtin = z.strictObject({ kind: z.literal('builtin') });

export const builtinExecutor: Kind<typeof builtin, typeof builtin> = {
  written: builtin,
  resolved: builtin,
  resolve: (given) => given,
};
