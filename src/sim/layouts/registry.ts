/** The layouts by name. */
import { dated } from './dated.ts';
import { deep } from './deep.ts';
import { flat } from './flat.ts';
import { hex } from './hex.ts';
import type { LayoutFactory } from './layout.ts';
import { long } from './long.ts';
import { skewed } from './skewed.ts';
import { sparse } from './sparse.ts';
import { unicode } from './unicode.ts';

export type Layout = 'flat' | 'hex' | 'dated' | 'skewed' | 'sparse' | 'unicode' | 'deep' | 'long';

export const LAYOUT_FACTORIES: Readonly<Record<Layout, LayoutFactory>> = {
  flat,
  hex,
  dated,
  skewed,
  sparse,
  unicode,
  deep,
  long,
};

export const LAYOUTS: readonly Layout[] = Object.keys(LAYOUT_FACTORIES) as Layout[];
