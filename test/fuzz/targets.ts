/** What reads bytes from outside. Each target says what must hold for any of them, and throws where it does not. */
import type { Dice } from './mutations.ts';
import { argumentsTarget } from './arguments.ts';
import { bodyTarget } from './body.ts';
import { headersTarget } from './headers.ts';
import { journalTarget } from './journal.ts';
import { pageTarget } from './page.ts';
import { responseHeadTarget } from './response-head.ts';

export interface Target {
  readonly name: string;
  /** good inputs, to begin with */
  readonly samples: readonly Buffer[];
  /** put into them */
  readonly words: readonly Buffer[];
  /** Throws where something does not hold. */
  check(input: Buffer, dice: Dice): void | Promise<void>;
}

export const TARGETS: readonly Target[] = [headersTarget, responseHeadTarget, bodyTarget, pageTarget, journalTarget, argumentsTarget];

