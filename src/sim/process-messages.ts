/** What a simulation and its child processes tell each other. */
import type { SimOptions } from './options.ts';
import type { SimStats } from './stats.ts';

export type ToSimProcess =
  | { readonly kind: 'start'; readonly options: SimOptions; readonly stream: number }
  /** sent along with a socket */
  | { readonly kind: 'connection' }
  | { readonly kind: 'stop' };

/** Once it is ready, whenever the figures have changed, and before it ends. */
export interface FromSimProcess {
  readonly stats: SimStats;
}
