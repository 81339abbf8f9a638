/** The refusals that this endpoint knows, with the status, code and message that S3 gives them. */

export interface S3Error {
  readonly status: string;
  readonly code: string;
  readonly message: string;
  /** further elements of the error document */
  readonly elements?: Readonly<Record<string, string>>;
  /** further header lines, each with its line end */
  readonly headers?: string;
}

export const NO_SUCH_KEY: S3Error = error('404 Not Found', 'NoSuchKey', 'The specified key does not exist.');
export const NO_SUCH_BUCKET: S3Error = error('404 Not Found', 'NoSuchBucket', 'The specified bucket does not exist');
export const KEY_TOO_LONG: S3Error = error('400 Bad Request', 'KeyTooLongError', 'Your key is too long');
export const INVALID_URI: S3Error = error('400 Bad Request', 'InvalidURI', "Couldn't parse the specified URI.");
export const METHOD_NOT_ALLOWED: S3Error = error(
  '405 Method Not Allowed',
  'MethodNotAllowed',
  'The specified method is not allowed against this resource.',
);
export const NOT_IMPLEMENTED: S3Error = error(
  '501 Not Implemented',
  'NotImplemented',
  'This simulation answers HEAD and ListObjectsV2 only.',
);
export const SLOW_DOWN: S3Error = error('503 Slow Down', 'SlowDown', 'Please reduce your request rate.');

export const MALFORMED: S3Error = error('400 Bad Request', 'BadRequest', 'An error occurred when parsing the HTTP request.');
export const HEADERS_TOO_LARGE: S3Error = error(
  '431 Request Header Fields Too Large',
  'RequestHeaderSectionTooLarge',
  'Your request header section exceeds the maximum allowed request header section size.',
);
export const VERSION_UNSUPPORTED: S3Error = error(
  '505 HTTP Version Not Supported',
  'HttpVersionNotSupported',
  'The HTTP version specified is not supported.',
);

export function invalidArgument(message: string, name: string, value: string): S3Error {
  const elements = { ArgumentName: name, ArgumentValue: value };
  return { ...error('400 Bad Request', 'InvalidArgument', message), elements };
}

function error(status: string, code: string, message: string): S3Error {
  return { status, code, message };
}
