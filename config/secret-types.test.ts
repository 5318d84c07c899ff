/** A key of a secret type is found wherever it stands: nobody has to list it. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addressText, environmentOf, loginText, secretsIn, secretText } from './schemas/secret-types.ts';

const channel = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('post'), token: secretText('channel token') }),
  z.strictObject({ kind: z.literal('log') }),
]);
const schema = z.strictObject({
  channels: z.array(channel),
  byName: z.record(z.string(), z.strictObject({ key: secretText('key').nullable() })),
  address: addressText('address').exactOptional(),
  login: loginText('login').optional(),
  env: environmentOf(z.string()),
  either: z.union([secretText('either'), z.number()]),
  plain: z.string(),
});

describe('secrets by the types of a schema', () => {
  it('are found in lists, maps and kinds, behind what may be absent or null', () => {
    const found = secretsIn(schema, {
      channels: [{ kind: 'post', token: 'in-a-list' }, { kind: 'log' }],
      byName: { one: { key: 'in-a-map' }, other: { key: null } },
      address: 'https://me:in-an-address@h/x',
      login: 'me:in-a-login',
      env: { API_TOKEN: 'in-an-environment', MODE: 'production', SSH_KEY: '/etc/key' },
      either: 'in-a-union',
      plain: 'a setting',
    });

    expect(new Set(found.map((one) => one.value).filter((value) => value !== ''))).toEqual(
      new Set(['in-a-list', 'in-a-map', 'in-an-address', 'in-a-login', 'in-an-environment', 'in-a-union']),
    );
  });

  it('a schema in which nobody has taught us to look is refused, and not taken for one without secrets', () => {
    expect(() => secretsIn(z.tuple([secretText('t')]), ['x'])).toThrow(
      'secrets are not looked for in a schema of tuple',
    );
  });
});
