/** Inputs near to good ones: samples cut, doubled, spliced and sprinkled with what parsers stumble over. */

export type Dice = () => number;

function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[Math.floor(dice() * from.length)]!;
}

const ODD_BYTES = [0, 9, 10, 13, 32, 34, 38, 39, 45, 48, 57, 58, 60, 61, 62, 92, 127, 128, 0xc0, 0xe2, 0xed, 0xef, 0xf4, 0xff];
const MOST_BYTES = 20_000;

function once(dice: Dice, input: Buffer, samples: readonly Buffer[], words: readonly Buffer[]): Buffer {
  const at = Math.floor(dice() * (input.length + 1));
  const end = Math.min(input.length, at + 1 + Math.floor(dice() ** 3 * input.length));
  const [before, range, after] = [input.subarray(0, at), input.subarray(at, end), input.subarray(end)];
  switch (Math.floor(dice() * 8)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, range, range, after]);
    case 2:
      return Buffer.concat([before, pick(dice, words), input.subarray(at)]);
    case 3:
      return Buffer.concat([before, pick(dice, words), after]);
    case 4:
      return Buffer.concat([before, Buffer.of(pick(dice, ODD_BYTES)), input.subarray(at + 1)]);
    case 5:
      return Buffer.concat([before, Buffer.of(Math.floor(dice() * 256)), input.subarray(at)]);
    case 6: {
      const other = pick(dice, samples);
      return Buffer.concat([before, other.subarray(Math.floor(dice() * other.length))]);
    }
    default:
      return Buffer.from(dice() < 0.5 ? before : Buffer.concat([after, before]));
  }
}

/** A sample with up to eight changes; now and then one with none. */
export function mutate(dice: Dice, samples: readonly Buffer[], words: readonly Buffer[]): Buffer {
  let input = pick(dice, samples);
  for (let changes = Math.floor(dice() * 9); changes > 0; changes--) input = once(dice, input, samples, words);
  return input.subarray(0, MOST_BYTES);
}
