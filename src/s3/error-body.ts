/**
 * The body of an S3 error answer: `<Error><Code>…</Code><Message>…</Message>…</Error>`. It names the reason
 * where the status alone does not (R7: what it echoes of the request, such as StringToSign, is left unread).
 */
import { resolveReferences, XmlError, XmlScanner } from './xml.ts';

export interface ErrorBody {
  /** `NoSuchBucket`, `AccessDenied`, `SlowDown`, … */
  readonly code: string;
  /** empty where the server sends none */
  readonly message: string;
  /** the region that the bucket or the signature belongs to, where the server tells */
  readonly region: string | null;
  /** the address to use instead, told with PermanentRedirect; never followed, only shown (R7) */
  readonly endpoint: string | null;
  readonly requestId: string | null;
}

/** The elements read, and their place in `ErrorBody`. */
const ELEMENTS = [
  ['Code', 'code'],
  ['Message', 'message'],
  ['Region', 'region'],
  ['Endpoint', 'endpoint'],
  ['RequestId', 'requestId'],
] as const;

/** Longer values are cut: the body comes from outside, and ends up in one line. */
const MAX_VALUE = 1024;

function readElements(scanner: XmlScanner): ErrorBody | null {
  const values: Partial<Record<(typeof ELEMENTS)[number][1], string>> = {};
  while (scanner.next()) {
    const element = ELEMENTS.find(([name]) => scanner.is(name));
    if (element === undefined) {
      scanner.skip();
      continue;
    }
    scanner.text();
    values[element[1]] ??= resolveReferences(scanner.body, scanner.textStart, scanner.textEnd).toString('utf8').slice(0, MAX_VALUE);
  }
  if (!values.code) return null;
  return {
    code: values.code,
    message: values.message ?? '',
    region: values.region || null,
    endpoint: values.endpoint || null,
    requestId: values.requestId || null,
  };
}

/** Null where the body is no S3 error document: empty, HTML, truncated, or something else. Never throws. */
export function parseErrorBody(body: Buffer): ErrorBody | null {
  try {
    const scanner = new XmlScanner(body);
    if (!scanner.next()) return null;
    // Some servers wrap it as IAM and SQS do: <ErrorResponse><Error>…
    if (scanner.is('ErrorResponse') && !scanner.next()) return null;
    return scanner.is('Error') ? readElements(scanner) : null;
  } catch (error) {
    if (error instanceof XmlError) return null;
    throw error;
  }
}
