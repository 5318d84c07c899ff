/** Which values of a configuration are secrets, so that they can be struck out of whatever is written down. The schema knows. */
import { secretsIn } from './schemas/secret-types.ts';
import { config as shape } from './shape.ts';
import type { Config, KnownSecret } from './types.ts';

export function knownSecrets(config: Config, operatorToken: string | null): KnownSecret[] {
  return [
    ...(config.secrets ?? []),
    ...secretsIn(shape, config),
    ...(operatorToken === null ? [] : [{ name: 'operator token', value: operatorToken }]),
  ];
}
