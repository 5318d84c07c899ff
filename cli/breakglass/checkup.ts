/**
 * What `doctor --breakglass` looks at: everything that must be right before a verb is needed. Nothing here can touch the power, whatever is
 * wrong: what is asked of a key beyond reading is refused by more than one rule.
 */
import { DEADLINES } from '../../activities/breakglass/deadlines.ts';
import { exchange, type Target } from '../../activities/breakglass/exchange.ts';
import { fingerprintOf } from '../../activities/breakglass/host-key.ts';
import { readPrivateKey } from '../../activities/breakglass/private-key.ts';
import { type BreakglassConfig, readKeyFile } from '../../config/load-breakglass.ts';
import { IDENTITIES, type Identity } from '../../domain/breakglass/verb.ts';
import type { Finding } from '../checkup/checkup.ts';
import { checkIdentity } from './checkup-identity.ts';

const LIMITS = { ...DEADLINES, commandMs: DEADLINES.commandMs.status };

export type Keys = ReadonlyMap<Identity, Target>;

export async function checkBreakglass(config: BreakglassConfig, now: () => number): Promise<Finding[]> {
  const { findings, keys } = checkKeys(config);
  const [first] = keys.values();
  if (first === undefined) return findings;
  const host = await checkHost(first);
  if (host.some((one) => !one.ok)) return [...findings, ...host];
  const looks = await Promise.all(
    [...keys].map(([identity, target]) => checkIdentity(identity, target, now, config.vm)),
  );
  return [
    ...findings,
    ...host,
    checkVm(config),
    ...looks.flatMap((look) => look.findings),
    checkClock(looks.map((look) => look.skewMs)),
  ];
}

/** That it is this one is asked of each key. */
function checkVm({ vm }: BreakglassConfig): Finding {
  const about = { name: 'VM', required: false } as const;
  if (vm !== null)
    return { ...about, ok: true, detail: `${vm.vmid}${vm.name === null ? '' : `, ${vm.name}`}`, remedy: null };
  // No fault: files from before have no such key, and all that they could do they can do.
  const detail =
    'not named here, so whichever a key is for is taken for it: breakglass.vmid and name say which is meant';
  return { ...about, ok: true, detail, remedy: null };
}

function checkKeys(config: BreakglassConfig): { findings: Finding[]; keys: Keys } {
  const findings: Finding[] = [];
  const keys = new Map<Identity, Target>();
  for (const identity of IDENTITIES) {
    const { finding, target } = checkKey(identity, config);
    findings.push(finding);
    if (target !== null) keys.set(identity, target);
  }
  return { findings: [...findings, ...checkDistinct(keys)], keys };
}

function checkKey(identity: Identity, config: BreakglassConfig): { finding: Finding; target: Target | null } {
  const name = `key of ${identity}`;
  const path = config.keys[identity];
  // People need theirs; who has no agent and no monitoring needs no other.
  const required = path !== undefined || identity === 'human';
  const bad = (detail: string, remedy: string) => ({
    finding: { name, ok: false, required, detail, remedy },
    target: null,
  });
  if (path === undefined) return bad('is not configured', `name its file under breakglass.keys.${identity}`);
  const file = readKeyFile(path);
  if (!file.ok) return bad(file.why, file.remedy);
  const read = readPrivateKey(file.bytes);
  if (!read.ok)
    return bad(
      `${path}: ${read.why}`,
      `ssh-keygen -t ed25519 -f ${path}, and its public half into root's keys on the host`,
    );
  const { host, port, user, hostKey } = config;
  const detail = `${path}, ${fingerprintOf(read.key.publicBlob)}`;
  return {
    finding: { name, ok: true, required, detail, remedy: null },
    target: { host, port, user, hostKey, key: read.key },
  };
}

function checkDistinct(keys: Keys): Finding[] {
  if (keys.size < 2) return [];
  const about = { name: 'distinct keys', required: true } as const;
  const byPrint = Map.groupBy(keys, ([, { key }]) => fingerprintOf(key.publicBlob));
  const shared = [...byPrint.values()].filter((some) => some.length > 1);
  if (shared.length === 0) return [{ ...about, ok: true, detail: 'each identity has its own', remedy: null }];
  const who = shared.map((some) => some.map(([identity]) => identity).join(' and ')).join('; ');
  return [
    {
      ...about,
      ok: false,
      detail: `${who} are one key: the host takes both for whoever stands first in its file`,
      remedy: 'make a key for each identity: docs/breakglass-host.md, step 3',
    },
  ];
}

/** Reached, and the one that is pinned. What this very key may do is looked at later. */
async function checkHost(target: Target): Promise<Finding[]> {
  const where = `${target.host}:${target.port}`;
  const met = await exchange(target, 'id', LIMITS, () => undefined);
  const reached: Finding = {
    name: 'host',
    ok: true,
    required: true,
    detail: `${where} is an SSH server`,
    remedy: null,
  };
  const pinned = fingerprintOf(target.hostKey.blob);
  if (met.kind === 'not-sent' && met.reason === 'host_key_mismatch')
    return [
      reached,
      {
        name: 'host key',
        ok: false,
        required: true,
        detail: met.hint,
        remedy: 'if the host was installed anew: compare on its console, then correct breakglass.hostKey',
      },
    ];
  if (met.kind === 'not-sent' && ['host_unreachable', 'handshake_timeout', 'handshake_failed'].includes(met.reason))
    return [
      {
        ...reached,
        ok: false,
        detail: `${met.hint} The rest was not looked at`,
        remedy: 'correct breakglass.host and port, or see to the host and the way to it',
      },
    ];
  return [reached, { name: 'host key', ok: true, required: true, detail: `${pinned}, as pinned`, remedy: null }];
}

const MOST_SKEW_MS = 5_000;

function checkClock(skews: readonly (number | null)[]): Finding {
  const known = skews.filter((one) => one !== null);
  const about = { name: 'clock', required: true } as const;
  if (known.length === 0)
    return {
      ...about,
      required: false,
      ok: false,
      detail: "the host's clock is not known: no status came, or its script is older than this client",
      remedy: 'mend what stands above, or install the host script anew',
    };
  const skew = known.reduce((least, one) => (Math.abs(one) < Math.abs(least) ? one : least));
  const seconds = `${(Math.abs(skew) / 1000).toFixed(1)} s`;
  if (Math.abs(skew) <= MOST_SKEW_MS)
    return {
      ...about,
      ok: true,
      detail: skew === 0 ? 'the same here and at the host' : `${seconds} apart`,
      remedy: null,
    };
  return {
    ...about,
    ok: false,
    detail: `the host's clock is ${seconds} ${skew > 0 ? 'ahead of' : 'behind'} the one here: logs and evidence will not line up, and cooldowns hang on it`,
    remedy: 'look at `timedatectl` on both, and let both follow a time server',
  };
}
