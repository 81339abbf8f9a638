/** The network as it is without any option. */
import type { NetworkSettings } from '../../src/http/network.ts';

export const DIRECT: NetworkSettings = { tls: { rejectUnauthorized: true }, connectTo: null, proxies: null };
