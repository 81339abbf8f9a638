/** How the network is used, whatever is asked: trust, the address that is connected to, proxies. */
import { isIPv6 } from 'node:net';
import type { Proxies } from './proxy.ts';
import type { TlsSettings } from './tls.ts';

export interface HostPort {
  /** a name or an address, IPv6 without brackets */
  readonly host: string;
  readonly port: number;
}

/** Plain data, so that it can be handed to worker threads. */
export interface NetworkSettings {
  readonly tls: TlsSettings;
  /** connected to in place of every origin's own address; null: the origin's own */
  readonly connectTo: HostPort | null;
  /** null: none */
  readonly proxies: Proxies | null;
}

/** `HOST:PORT`, with an IPv6 address in brackets; null for what is none. */
export function parseHostPort(text: string): HostPort | null {
  const [, address, name, port = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = address ?? name;
  if (host === undefined || (address !== undefined && !isIPv6(address)) || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host, port: Number(port) };
}
