/**
 * Which proxy a request goes through, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY (lower case first, as curl reads them). Loopback
 * is never proxied. A proxy's URL may hold a password: it is in no message (R7).
 */
import { BlockList, isIP } from 'node:net';
import { Failure } from '../failure.ts';

/** Plain data, so that it can be handed to worker threads. URLs, or null. */
export interface Proxies {
  readonly http: string | null;
  readonly https: string | null;
  /** as NO_PROXY has it */
  readonly except: string;
}

export interface Proxy {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** value of Proxy-Authorization, or null */
  readonly authorization: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

function variable(env: Environment, name: string): string {
  return env[name.toLowerCase()] || env[name] || '';
}

/** Null where none is set. Throws Failure('usage') for a proxy that cannot be used. */
export function proxiesOf(env: Environment): Proxies | null {
  const [http = null, https = null] = ['HTTP_PROXY', 'HTTPS_PROXY'].map((name) => {
    const value = variable(env, name);
    if (value === '') return null;
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
    if (/^https?:/i.test(url) && URL.canParse(url)) return url;
    throw new Failure('usage', `${name} names no proxy that s3scan knows`, 'give it as http://HOST:PORT or https://HOST:PORT, or unset it');
  });
  return http === null && https === null ? null : { http, https, except: variable(env, 'NO_PROXY') };
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** `10.0.0.0/8` or a single address. */
function isWithin(address: string, entry: string): boolean {
  const [network = '', bits] = entry.replace(/^\[(.*)\]$/, '$1').split('/');
  if (isIP(network) === 0 || isIP(network) !== isIP(address)) return false;
  const prefix = Number(bits ?? (isIP(network) === 6 ? 128 : 32));
  if (!(prefix >= 0 && prefix <= (isIP(network) === 6 ? 128 : 32))) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family(network));
  return list.check(address, family(address));
}

/** An entry of NO_PROXY: `*`, a name with all below it, an address, a network; a port may follow. */
function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = entry, only] = /^(.*[^:]):(\d{1,5})$/.exec(entry) ?? [];
  // An IPv6 address is no name with a port.
  const plain = isIP(entry) === 6 || only === undefined ? entry : name;
  if (plain === name && only !== undefined && isIP(entry) !== 6 && Number(only) !== port) return false;
  if (isIP(host) !== 0) return isWithin(host, plain);
  const domain = plain.replace(/^\*?\./, '').toLowerCase();
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

/** `host` in lower case, an IPv6 address without brackets. Null: asked directly. */
export function proxyFor(proxies: Proxies, secure: boolean, host: string, port: number): Proxy | null {
  const url = secure ? proxies.https : proxies.http;
  if (url === null || host === 'localhost' || host.endsWith('.localhost')) return null;
  if (isIP(host) !== 0 && LOOPBACK.check(host, family(host))) return null;
  if (proxies.except.split(/[\s,]+/).some((entry) => entry !== '' && matches(entry, host, port))) return null;
  const { protocol, hostname, port: proxyPort, username, password } = new URL(url);
  const isSecure = protocol === 'https:';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    secure: isSecure,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(proxyPort || (isSecure ? 443 : 80)),
    authorization: username === '' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}
