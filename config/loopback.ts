/** Which addresses are this machine's alone. */
import { BlockList, isIP, isIPv6 } from 'node:net';

const own = new BlockList();
own.addSubnet('127.0.0.0', 8, 'ipv4');
own.addAddress('::1', 'ipv6');

export function isLoopback(address: string): boolean {
  return address === 'localhost' || (isIP(address) !== 0 && own.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'));
}

/** All addresses of this machine at once. */
export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}

/** As an address in an URL or a Host header has it. */
export function hostInUrl(address: string): string {
  return isIPv6(address) ? `[${address.toLowerCase()}]` : address.toLowerCase();
}

/** Where a process on this machine reaches what listens there. */
export function localUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${isAnyAddress(host) ? '127.0.0.1' : hostInUrl(host)}:${port}`;
}
