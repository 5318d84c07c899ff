/**
 * What is reached without a proxy, as people write it in `NO_PROXY` and `egress.direct`: a name with all below it, an address, a range
 * of addresses, each with a port or without. One meaning for all: libraries differ in what they read of it.
 */
import { BlockList, isIP } from 'node:net';

/** Entries of a list as the variables hold it. */
export function directIn(list: string): string[] {
  return list.split(/[\s,]+/).filter((entry) => entry !== '');
}

export function isDirectHost(entries: readonly string[], host: string): boolean {
  const name = plainName(host);
  return entries.some((entry) => holds(plainName(entry), name));
}

/** The same for programs that read `no_proxy`: some take a name for itself alone, some for all below it, none of them a port of it. */
export function noProxyOf(entries: readonly string[]): string[] {
  return entries.flatMap((entry) => {
    const bare = plainName(entry);
    return bare === '*' || isIP(rangeOf(bare).address) !== 0 ? [bare] : [bare, `.${bare}`];
  });
}

function holds(entry: string, name: string): boolean {
  if (entry === '*' || entry === name) return true;
  if (isIP(name) === 0) return name.endsWith(`.${entry}`);
  const { address, bits } = rangeOf(entry);
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const most = family === 'ipv6' ? 128 : 32;
  if (isIP(address) === 0 || bits > most) return false;
  const range = new BlockList();
  range.addSubnet(address, Math.min(bits, most), family);
  return range.check(name, isIP(name) === 6 ? 'ipv6' : 'ipv4');
}

/** `10.0.0.0/8`; an address alone is a range of one. */
function rangeOf(entry: string): { readonly address: string; readonly bits: number } {
  const [, address = entry, bits] = /^(.*)\/(\d{1,3})$/.exec(entry) ?? [];
  return { address, bits: bits === undefined ? (isIP(address) === 6 ? 128 : 32) : Number(bits) };
}

/** Without brackets, port, wildcard, dots around it and capitals. */
function plainName(given: string): string {
  const lower = given.toLowerCase();
  const inBrackets = /^\[([^\]]*)\](?:\/\d+)?/.exec(lower);
  if (inBrackets !== null) return lower.slice(1).replace(/\](?::\d+)?/, '');
  // More colons than one are an address of IPv6.
  const name = /^[^:]*:\d+$/.test(lower) ? lower.slice(0, lower.indexOf(':')) : lower;
  return name.replace(/^\*?\./, '').replace(/(?<=.)\.$/, '');
}
