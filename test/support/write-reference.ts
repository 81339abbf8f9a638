/** `npm run docs`: writes docs/reference.md. */
import { writeFileSync } from 'node:fs';
import { reference } from './reference.ts';

/** Relative to dist/test/support. */
writeFileSync(new URL('../../../docs/reference.md', import.meta.url), reference());
