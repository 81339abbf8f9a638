/**
 * Apache Arrow in its CommonJS form. Its 150 files take 100 ms of CPU to load that way and 165 as ES modules (Node 20,
 * two cores), in each scan that writes Parquet or Arrow. All of it comes from here: beside a second copy of the
 * library, `instanceof` fails.
 */
import { createRequire } from 'node:module';
import type * as Arrow from 'apache-arrow';

export const arrow = createRequire(import.meta.url)('apache-arrow') as typeof Arrow;
