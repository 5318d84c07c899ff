/** Pieces of schema that many keys are made of. */
import { z } from 'zod';

export const text = z
  .string()
  .min(1)
  .regex(/^[^\0]*$/, 'must not hold a NUL');

export const seconds = z
  .number()
  .positive()
  .max(7 * 24 * 3600);

export const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');

export const secret = z.union([
  z.strictObject({ env: envName.describe('Name of the variable that holds the secret.') }),
  z.strictObject({ file: text.describe('File that holds the secret; its final newline is left out.') }),
]);
export type SecretRef = z.infer<typeof secret>;

/** Variable → value, or where a secret stands. */
export const environment = z.record(envName, z.union([z.string(), secret]));
export type EnvironmentRefs = z.infer<typeof environment>;
