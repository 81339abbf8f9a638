/** The simulated S3 endpoint's public surface: what the commands, tests and benchmarks import. */
export { parseAdmission } from './admission.ts';
export { createKeySpace } from './key-space.ts';
export { LAYOUTS, type Layout } from './layouts/registry.ts';
export type { SimOptions } from './options.ts';
export { startSim, startSimProcess, type Sim } from './server.ts';
