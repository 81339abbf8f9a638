/**
 * S3 Express asks for sessions: a GET on the bucket, signed with the credentials, gives others that live for five minutes and
 * may only read (R6). They are handed on as a provider, so that they are kept fresh as all credentials are.
 */
import { Failure } from '../failure.ts';
import type { BucketClient } from './bucket-client.ts';
import type { ExpiringCredentials } from './credentials.ts';
import type { RequestHeader } from './request-headers.ts';
import { resolveReferences, XmlError, XmlScanner } from './xml.ts';

/** What a session is asked with. */
export const SESSION_MODE: RequestHeader = ['x-amz-create-session-mode', 'ReadOnly'];

/** Throws a Failure that names bucket, endpoint and reason. */
export async function createSession(client: BucketClient, bucket: string): Promise<ExpiringCredentials> {
  const session = sessionOf(await client.get([['session', '']]));
  if (session !== null) return session;
  throw new Failure('access', `s3://${bucket}: the server gave no session for the S3 Express bucket`, 'check that --endpoint is one of S3 Express; other servers have no buckets of such names');
}

/** Null where the answer is none: what is in it is secret, and not repeated (R7). */
function sessionOf(body: Buffer): ExpiringCredentials | null {
  try {
    const values = elementsOf(new XmlScanner(body));
    const accessKeyId = values.get('AccessKeyId');
    const secretAccessKey = values.get('SecretAccessKey');
    const sessionToken = values.get('SessionToken');
    const expiration = new Date(values.get('Expiration') ?? '');
    if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiration.getTime())) return null;
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  } catch (error) {
    if (error instanceof XmlError) return null;
    throw error;
  }
}

/** The texts in `<CreateSessionResult><Credentials>`, by the names of their elements. */
function elementsOf(scanner: XmlScanner): Map<string, string> {
  const values = new Map<string, string>();
  if (!scanner.next() || !scanner.is('CreateSessionResult')) return values;
  while (scanner.next()) {
    if (!scanner.is('Credentials')) {
      scanner.skip();
      continue;
    }
    while (scanner.next()) {
      const { name } = scanner;
      scanner.text();
      values.set(name, resolveReferences(scanner.body, scanner.textStart, scanner.textEnd).toString('utf8'));
    }
  }
  return values;
}
