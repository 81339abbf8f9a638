/** Inputs that were found by fuzzing to break something: kept, so that it stays mended. */

/** By the name of the target, in latin1. */
export const FINDINGS: readonly (readonly [target: string, input: string])[] = [
  // A control character of the encoding's name in the message.
  ['page', '<?xml version="1.0" encoding="UTF-\x9f8"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'],
  // Quotes in the name of an attribute.
  ['page', '<ListBucketResult><IsTruncated>false</IsTruncated><Contents a="b"" c=\'d\'><Key>a</Key></Contents></ListBucketResult>'],
];
