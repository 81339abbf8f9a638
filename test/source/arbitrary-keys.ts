/** Keys for properties: any Unicode, the troublesome characters often, never longer than S3 allows. */
import * as fc from 'fast-check';

const troublesome = fc.constantFrom('\n', '\r', '\r\n', '"', "'", ',', '\\', '/', '%', '+', ' ', '=', 's3://', '\u{FEFF}', '\u{10FFFF}', 'é', '\u0085', '\u2028');

export const anyKey: fc.Arbitrary<string> = fc
  .array(fc.oneof(troublesome, fc.string({ unit: 'binary', maxLength: 8 }), fc.constant('a'.repeat(100))), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(''))
  .filter((key) => key !== '' && Buffer.byteLength(key) <= 1024);

export const chunkSizes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
