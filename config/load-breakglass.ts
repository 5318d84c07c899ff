/**
 * The section `breakglass` of `lamplighter.yaml`, apart from everything else: who needs a verb at two in the morning must not be stopped by
 * a mistake in another section, and the pipeline's processes are handed nothing of it. Key files are named here and read by who uses them.
 */
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { IDENTITIES, type Identity, type MeantVm } from '../domain/breakglass/verb.ts';
import { ConfigError } from './errors.ts';
import { type HostKey, readHostKey } from './host-key.ts';
import { breakglass, type BreakglassEntry } from './schema.ts';
import { type KeyPath, parseYaml } from './schemas/yaml-document.ts';

export interface BreakglassConfig {
  /** An address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: HostKey;
  /** Null: whichever VM the keys are for. */
  readonly vm: MeantVm | null;
  /** Absolute paths of private keys. */
  readonly keys: Readonly<Partial<Record<Identity, string>>>;
}

const sectionAlone = z.looseObject({ breakglass: breakglass.optional() });

/** Null: the file has no such section. Throws a ConfigError with every error found. */
export function loadBreakglass(given: string): BreakglassConfig | null {
  const file = resolve(given);
  if (!existsSync(file)) throw new ConfigError([`${file}: there is no such file: correct --config, or write one`]);
  const parsed = parseYaml(readFileSync(file, 'utf8'), file, sectionAlone);
  if (!parsed.ok) throw new ConfigError(parsed.errors);
  const entry = parsed.value.breakglass;
  if (entry === undefined) return null;
  const errors = breakglassFaults(entry).map(({ at, what }) => parsed.source.complain(at, what));
  const hostKey = readHostKey(entry.hostKey);
  if (errors.length > 0 || !hostKey.ok) throw new ConfigError(errors);
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(dirname(file), path));
  return {
    host: entry.host,
    port: entry.port ?? 22,
    user: entry.user ?? 'root',
    hostKey: hostKey.key,
    vm: entry.vmid === undefined ? null : { vmid: entry.vmid, name: entry.name ?? null },
    keys: Object.fromEntries(
      IDENTITIES.flatMap((identity) => {
        const path = entry.keys[identity];
        return path === undefined ? [] : [[identity, absolute(path)] as const];
      }),
    ),
  };
}

/** What the schema can't say. */
export function breakglassFaults({
  host,
  hostKey,
  keys,
  vmid,
  name,
}: BreakglassEntry): { at: KeyPath; what: string }[] {
  const read = readHostKey(hostKey);
  const faults = read.ok ? [] : [{ at: ['breakglass', 'hostKey'], what: read.why }];
  const named = IDENTITIES.filter((identity) => keys[identity] !== undefined);
  const twice = named.filter((identity, at) => named.findIndex((other) => keys[other] === keys[identity]) !== at);
  return [
    ...(isIP(host) === 0 ? [{ at: ['breakglass', 'host'], what: 'must be an address such as 192.0.2.1' }] : []),
    ...faults,
    ...(name !== undefined && vmid === undefined
      ? [{ at: ['breakglass', 'name'], what: 'is the name of which VM? Give its id as vmid' }]
      : []),
    ...(named.length === 0
      ? [{ at: ['breakglass', 'keys'], what: `names no key file: give one of ${IDENTITIES.join(', ')}` }]
      : []),
    ...twice.map((identity) => ({
      at: ['breakglass', 'keys', identity],
      what: 'is the key of another identity as well: the host tells identities apart by their keys, so make one for each',
    })),
  ];
}

export type KeyFile =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly why: string; readonly remedy: string };

const KEY_BYTES = 64 * 1024;

/** A key that others can read is not used, as ssh itself would not. */
export function readKeyFile(path: string): KeyFile {
  try {
    if (!lstatSync(path).isFile() && !statSync(path).isFile())
      return { ok: false, why: `${path} is no file`, remedy: 'name the file of the private key' };
    const { mode, uid, size } = statSync(path);
    const mine = process.getuid?.();
    if (mine !== undefined && uid !== mine)
      return {
        ok: false,
        why: `${path} belongs to another user`,
        remedy: `chown it to the user who runs this, and chmod 600 ${path}`,
      };
    if ((mode & 0o077) !== 0)
      return {
        ok: false,
        why: `${path} can be read or changed by other users (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`,
        remedy: `chmod 600 ${path}; if somebody else may have read it, make a new key and change its line on the host`,
      };
    if (size > KEY_BYTES)
      return { ok: false, why: `${path} is too long for a key`, remedy: 'name the file of the private key' };
    return { ok: true, bytes: readFileSync(path) };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return {
      ok: false,
      why: `${path} cannot be read (${String(error.code)})`,
      remedy: 'correct breakglass.keys, or make the key: docs/breakglass-host.md, step 3',
    };
  }
}
