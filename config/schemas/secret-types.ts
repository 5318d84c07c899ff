/** Types of the resolved configuration whose values hold a secret: where one stands in the schema it is struck out of whatever is written. */
import { z } from 'zod';

export interface SecretValue {
  /** May be written down. */
  readonly name: string;
  readonly value: string;
}

/** What of a value is secret. */
type FindSecrets = (value: string) => readonly SecretValue[];

const SECRETS = z.registry<{ readonly find: FindSecrets }>();

/** A secret as a whole. */
export function secretText(name: string): z.ZodString {
  return holding((value) => [{ name, value }]);
}

/** An address, in which a password may stand. As the address writes it; the redaction knows the decoded one too. */
export function addressText(name: string): z.ZodString {
  return holding((address) => {
    if (!URL.canParse(address)) return [];
    const { protocol, username, password } = new URL(address);
    // Forges take a token for the user's name too, with a fixed word for the password or with none.
    const isToken = /^https?:$/.test(protocol) && username.length >= 16;
    return [...(isToken ? [username] : []), password].map((value) => ({ name: `${name} password`, value }));
  });
}

/** `user:password`: the password both as it is and as an address writes it. */
export function loginText(name: string): z.ZodString {
  return holding((login) => {
    const password = login.slice(login.indexOf(':') + 1);
    return password === ''
      ? []
      : [password, encodeURIComponent(password)].map((value) => ({ name: `${name} password`, value }));
  });
}

const ENVIRONMENTS = z.registry<object>();

/** Variable → value. */
export function environmentOf<Value extends z.ZodType>(value: Value): z.ZodRecord<z.ZodString, Value> {
  const schema = z.record(z.string(), value);
  ENVIRONMENTS.add(schema, {});
  return schema;
}

/** A plain value is a setting unless its name says otherwise: `NODE_ENV: production` must not be struck out of every text. */
const SAYS_SECRET = /TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE|AUTH|(^|_)(KEY|PASS|PWD|PAT|DSN)(_|$)/i;

/** `SSH_KEY: /etc/keys/push` names a file; the secret is in it, and out of everybody's reach. */
function isPath(value: string): boolean {
  return /^[./~][^\s:]*$/.test(value);
}

function holding(find: FindSecrets): z.ZodString {
  const schema = z.string();
  SECRETS.add(schema, { find });
  return schema;
}

/** Every secret in the value, by the types in its schema. */
export function secretsIn(given: z.core.$ZodType, value: unknown): readonly SecretValue[] {
  const schema = unwrapped(given);
  if (value === null || value === undefined) return [];
  if (schema instanceof z.ZodUnion) {
    const fitting = schema.options.find((one) => z.safeParse(one, value).success);
    return fitting === undefined ? [] : secretsIn(fitting, value);
  }
  if (typeof value === 'string') return SECRETS.get(schema)?.find(value) ?? [];
  if (typeof value !== 'object') return [];
  if (ENVIRONMENTS.has(schema)) return Object.entries(value).flatMap(([name, one]) => variable(name, one));
  return partsOf(schema, value).flatMap(([part, one]) => secretsIn(part, one));
}

function variable(name: string, given: unknown): readonly SecretValue[] {
  const value = typeof given === 'object' && given !== null && 'value' in given ? given.value : given;
  return typeof value === 'string' && SAYS_SECRET.test(name) && !isPath(value) ? [{ name, value }] : [];
}

/** Without what says that it may be null or absent. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod as { readonly def: { readonly innerType?: z.core.$ZodType } };
  return def.innerType === undefined ? schema : unwrapped(def.innerType);
}

/** The parts of a value, each with its schema. A kind of schema that is not known here throws: it might hold a secret. */
function partsOf(schema: z.core.$ZodType, value: object): readonly (readonly [z.core.$ZodType, unknown])[] {
  if (schema instanceof z.ZodArray) return Object.values(value).map((one) => [schema.element, one] as const);
  if (schema instanceof z.ZodRecord) return Object.values(value).map((one) => [schema.valueType, one] as const);
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).map(([key, part]) => [part, (value as Record<string, unknown>)[key]] as const);
  throw new Error(`secrets are not looked for in a schema of ${schema._zod.def.type}: teach it to partsOf`);
}
