/**
 * What a failed request means: HTTP statuses, S3 error codes and transport codes in one closed list, each with its
 * outcome and words for a person. Classification never throws; how often and when to ask again is decided in http.
 */
import { STATUS_CODES } from 'node:http';
import { Failure, type FailureKind } from '../failure.ts';

/**
 * `gone`: the object does not exist (any more). `refused`: asking again gives the same answer. `transient` and
 * `throttled`: ask again, `throttled` more slowly.
 */
type Outcome = 'ok' | 'gone' | 'refused' | 'transient' | 'throttled';

export interface Classified<O extends Outcome = Outcome> {
  /** S3 error code or transport code; empty on success */
  readonly code: string;
  readonly message: string;
  readonly outcome: O;
}

const OK: Classified = { code: '', message: '', outcome: 'ok' };

/** A HEAD's error has no body, so the status alone tells. The codes are those that S3 gives GET in the same case. */
const STATUSES: ReadonlyMap<number, Classified> = new Map<number, Classified>([
  [301, classified('PermanentRedirect', 'refused', 'the bucket is in another region')],
  [304, classified('NotModified', 'refused', 'not modified since')],
  [307, classified('TemporaryRedirect', 'refused', 'the bucket answers elsewhere for now')],
  [400, classified('BadRequest', 'refused', 'bad request: wrong region, expired token, or a customer key is needed')],
  [403, classified('AccessDenied', 'refused', 'access denied, or no such key where listing is not allowed')],
  [404, classified('NoSuchKey', 'gone', 'no such key')],
  [405, classified('MethodNotAllowed', 'refused', 'method not allowed: the version is a delete marker')],
  [408, classified('RequestTimeout', 'transient', 'the server waited too long for the request')],
  [412, classified('PreconditionFailed', 'refused', 'precondition failed')],
  [416, classified('InvalidRange', 'refused', 'range not satisfiable')],
  [429, classified('SlowDown', 'throttled', 'too many requests')],
  [500, classified('InternalError', 'transient', 'internal error of the server')],
  [502, classified('BadGateway', 'transient', 'bad gateway')],
  // Without a body it may be a passing failure too; slowing down is right for both.
  [503, classified('SlowDown', 'throttled', 'slow down, or service unavailable')],
  [504, classified('GatewayTimeout', 'transient', 'gateway timeout')],
]);

/** Codes that mean something else than their status does: RequestTimeout, for one, comes with 400. */
const CODE_OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['RequestTimeout', 'transient'],
  ['InternalError', 'transient'],
  ['ServiceUnavailable', 'throttled'],
  ['SlowDown', 'throttled'],
  ['SlowDownRead', 'throttled'],
  ['Throttling', 'throttled'],
  ['ThrottlingException', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  ['TooManyRequests', 'throttled'],
  ['BandwidthLimitExceeded', 'throttled'],
  ['NoSuchKey', 'gone'],
  ['NoSuchVersion', 'gone'],
  ['NotFound', 'gone'],
  ['NoSuchBucket', 'refused'],
]);

function classified<O extends Outcome>(code: string, outcome: O, message: string): Classified<O> {
  return { code, message, outcome };
}

/**
 * A response's meaning by its status and, where the server told it (in a body, or MinIO's x-minio-error-code), its code.
 * Both are from outside: a code that is no code is ignored, a message cut to one line.
 */
export function classifyStatus(status: number, code: string | null = null, message: string | null = null): Classified {
  if (status >= 200 && status < 300) return OK;
  const byStatus = STATUSES.get(status) ?? otherStatus(status);
  if (code === null || !/^[A-Za-z0-9._-]{1,100}$/.test(code)) return byStatus;
  const outcome = CODE_OUTCOMES.get(code) ?? (byStatus.outcome === 'gone' ? 'refused' : byStatus.outcome);
  const words = ACCESS.get(code)?.what ?? (byStatus.code === code ? byStatus : otherStatus(status)).message;
  return { code, outcome, message: oneLine(message ?? '') || words };
}

function otherStatus(status: number): Classified {
  const name = STATUS_CODES[status];
  const message = `the server answered ${status}${name === undefined ? '' : ` ${name}`}`;
  // 501 and 505 say that the server cannot do it; other 5xx, such as a CDN's 520 to 530, pass.
  const transient = status >= 500 && status !== 501 && status !== 505;
  return classified(`Http${status}`, transient ? 'transient' : 'refused', message);
}

type TransportOutcome = 'transient' | 'refused';

/** GET and HEAD may be sent again whatever had become of them, so what decides is whether it can end differently. */
const TRANSPORT: ReadonlyMap<string, Classified<TransportOutcome>> = new Map(
  (
    [
      ['ECONNRESET', 'transient', 'the server closed the connection'],
      ['EPIPE', 'transient', 'the server closed the connection as the request was sent'],
      ['UND_ERR_SOCKET', 'transient', 'the connection broke before the answer was whole'],
      ['ECONNREFUSED', 'transient', 'nothing accepts connections at the endpoint: is the server running, is the port right?'],
      ['ETIMEDOUT', 'transient', 'the connection timed out'],
      ['UND_ERR_CONNECT_TIMEOUT', 'transient', 'no connection within the time allowed'],
      ['UND_ERR_HEADERS_TIMEOUT', 'transient', 'no answer within the time allowed'],
      ['UND_ERR_BODY_TIMEOUT', 'transient', 'the answer stopped halfway'],
      ['ENOTFOUND', 'transient', 'the host name does not resolve'],
      ['EAI_AGAIN', 'transient', 'the host name cannot be resolved: DNS does not answer'],
      ['EHOSTUNREACH', 'transient', 'no route to the host'],
      ['ENETUNREACH', 'transient', 'the network is unreachable'],
      ['EMFILE', 'transient', 'too many open files: raise `ulimit -n` or lower --concurrency'],
      ['EADDRNOTAVAIL', 'transient', 'no local port is free: the server closes connections faster than ports come free'],
      ['UND_ERR_HEADERS_OVERFLOW', 'refused', 'the headers of the answer are too large'],
      // undici says so too where a header behind Content-Length cannot be parsed
      ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'refused', 'the answer is not valid HTTP, or not as long as it states'],
      ['UND_ERR_INVALID_ARG', 'refused', 'the request cannot be sent as it is'],
      ['EPROTO', 'refused', 'TLS failed: does the endpoint speak https on this port?'],
      ['ERR_SSL_WRONG_VERSION_NUMBER', 'refused', 'the endpoint does not speak https on this port: is it http://?'],
      ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'refused', 'the endpoint does not speak https on this port: is it http://?'],
      ['CERT_HAS_EXPIRED', 'refused', "the server's certificate has expired"],
      ['CERT_NOT_YET_VALID', 'refused', "the server's certificate is not valid yet: is the clock right?"],
      ['DEPTH_ZERO_SELF_SIGNED_CERT', 'refused', "the server's certificate is self-signed"],
      ['SELF_SIGNED_CERT_IN_CHAIN', 'refused', "the server's certificate comes from an authority that is not trusted here"],
      ['UNABLE_TO_GET_ISSUER_CERT', 'refused', "the server's certificate comes from an authority that is not known here"],
      ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'refused', "the server's certificate comes from an authority that is not known here"],
      ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'refused', "the server's certificate cannot be verified: its chain is incomplete or not known here"],
      ['ERR_TLS_CERT_ALTNAME_INVALID', 'refused', "the server's certificate is for another host name"],
      ['PROXY_UNREACHABLE', 'transient', 'the proxy cannot be reached, or cannot reach the endpoint'],
      ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'refused', 'the server wants a client certificate'],
      ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'refused', 'the server broke off the TLS handshake: it may want a client certificate'],
      ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'refused', 'the server does not accept the client certificate'],
      ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', 'refused', 'the server does not accept this kind of client certificate'],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 'refused', 'the server takes the client certificate for revoked'],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'refused', 'the server takes the client certificate for expired'],
      ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'refused', 'the server does not accept the client certificate'],
      ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'refused', 'the server does not know the authority of the client certificate'],
      ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'refused', 'the server does not let the client certificate in'],
      ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'refused', 'the server speaks no version of TLS that is safe'],
      ['CERT_REVOKED', 'refused', "the server's certificate has been revoked"],
    ] as const
  ).map(([code, outcome, message]) => [code, classified(code, outcome, message)]),
);

/** undici's error for what is no HTTP: in 7.30 its code, meant to be HPE_*, is undefined, so its name stands in. */
const PARSER_ERROR = 'HTTPParserError';
/** What undici throws at a status below 100. */
const ASSERTION_ERROR = 'ERR_ASSERTION';

/** What undici or Node threw in place of a response. */
export function classifyTransport(error: unknown): Classified<TransportOutcome> {
  try {
    const code = transportCode(error, 3);
    const known = code === null ? undefined : TRANSPORT.get(code);
    if (known !== undefined) return known;
    if (code?.startsWith('HPE_') === true || code === PARSER_ERROR) return classified(code, 'refused', 'the answer is not valid HTTP');
    if (code === ASSERTION_ERROR) return classified(PARSER_ERROR, 'refused', 'the answer is not valid HTTP');
    return classified(code ?? 'TransportError', 'refused', oneLine(error instanceof Error ? error.message : String(error)));
  } catch {
    return classified('TransportError', 'refused', 'the request failed');
  }
}

/** The code of the error, else of what caused it, else of the first address that failed (one connect can try several). */
function transportCode(error: unknown, depth: number): string | null {
  if (typeof error !== 'object' || error === null || depth === 0) return null;
  const { code, name, cause, errors } = error as { code?: unknown; name?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code)) return code;
  if (name === PARSER_ERROR) return PARSER_ERROR;
  return transportCode(cause, depth - 1) ?? transportCode(Array.isArray(errors) ? errors[0] : null, depth - 1);
}

/** What was asked, to be named in the message, and how it was answered. */
export interface Asked {
  readonly bucket: string;
  /** null for AWS itself */
  readonly endpoint: string | null;
  readonly region: string;
  /** the server's x-amz-bucket-region, null where it sent none */
  readonly bucketRegion: string | null;
  /** null where no response came */
  readonly status: number | null;
}

const PROXY_HINT = 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY';
const KEYS_HINT = 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or --profile, and that they belong to this endpoint';
const PERMISSION_HINT =
  'listing needs s3:ListBucket, headers need s3:GetObject; check --profile, ' +
  'use --no-sign-request for a public bucket, --request-payer where the requester pays';
const EXPIRED_HINT = 'get new ones, for SSO with `aws sso login`, and run again';
const WRONG_TOKEN = { what: 'the session token is not valid', hint: 'check AWS_SESSION_TOKEN: unset it where the keys are permanent ones' };
const WRONG_REGION = { what: 'the bucket is in another region', hint: 'give its region with --region' };

/** What ends a scan at the first request, in words, by S3 error code. */
const ACCESS: ReadonlyMap<string, { readonly what: string; readonly hint: string }> = new Map(
  Object.entries({
    NoSuchBucket: { what: 'there is no such bucket', hint: 'check the name, and --endpoint where the bucket is not on AWS' },
    AccessDenied: { what: 'access denied', hint: PERMISSION_HINT },
    AllAccessDisabled: { what: 'all access to the bucket is disabled', hint: 'ask its owner' },
    InvalidAccessKeyId: { what: 'the access key is not known there', hint: KEYS_HINT },
    SignatureDoesNotMatch: {
      what: 'the signature does not match',
      hint: `the secret key is wrong, or a proxy changes host or path: ${KEYS_HINT}`,
    },
    ExpiredToken: { what: 'the credentials have expired', hint: EXPIRED_HINT },
    TokenRefreshRequired: { what: 'the credentials have expired', hint: EXPIRED_HINT },
    InvalidToken: WRONG_TOKEN,
    // MinIO's name for it
    InvalidTokenId: WRONG_TOKEN,
    RequestTimeTooSkewed: { what: 'the clocks of this machine and the server differ too much', hint: 'set the clock (NTP) and run again' },
    InvalidBucketName: { what: 'the server does not accept the bucket name', hint: 'check the name' },
    AuthorizationHeaderMalformed: WRONG_REGION,
    IllegalLocationConstraintException: WRONG_REGION,
    InvalidRegion: WRONG_REGION,
    PermanentRedirect: WRONG_REGION,
    TemporaryRedirect: WRONG_REGION,
    Redirect: WRONG_REGION,
  }),
);

/** What is said of credentials that are no good any more, or never were. */
const CREDENTIAL_CODES: ReadonlySet<string> = new Set([
  'ExpiredToken', 'TokenRefreshRequired', 'InvalidToken', 'InvalidTokenId', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredTokenException',
]);

export function isAboutCredentials(code: string): boolean {
  return CREDENTIAL_CODES.has(code);
}

/** The Failure that a request on the bucket itself ends the scan with. */
export function failureOf(problem: Classified, asked: Asked): Failure {
  const where = `s3://${asked.bucket} at ${asked.endpoint ?? `AWS ${asked.region}`}`;
  const known = ACCESS.get(problem.code);
  if (known === undefined) {
    const { kind, hint } = endOf(problem, asked.status);
    return new Failure(kind, `${where}: ${oneLine(problem.message)} (${problem.code})`, hint);
  }
  // Here the server's own words say more: AWS names the user, the action and the policy.
  const what = problem.code === 'AccessDenied' ? oneLine(problem.message) : known.what;
  return new Failure('access', `${where}: ${what} (${problem.code})`, known === WRONG_REGION ? regionHint(asked) : known.hint);
}

/** How a scan ends whose first request failed with a code that has no words of its own here. */
function endOf({ code, outcome }: Classified, status: number | null): { readonly kind: FailureKind; readonly hint: string } {
  if (code.startsWith('PROXY_')) return { kind: 'unreachable', hint: PROXY_HINT };
  if (outcome === 'transient' || outcome === 'throttled') return { kind: 'unreachable', hint: 'check --endpoint and the network, and run again' };
  if (status === 401 || status === 403) return { kind: 'access', hint: PERMISSION_HINT };
  if (status === null && /_ALERT_(?!PROTOCOL)/.test(code)) return { kind: 'access', hint: 'give one that the server knows with --client-cert and --client-key' };
  if (status === null && /CERT|LEAF_SIGNATURE/.test(code)) {
    return { kind: 'access', hint: 'give the authority with --ca-bundle FILE, or --insecure to trust the endpoint unseen' };
  }
  return { kind: 'listing', hint: 'check that --endpoint is an S3 endpoint' };
}

function regionHint({ bucketRegion, region }: Asked): string {
  const named = bucketRegion !== null && /^[A-Za-z0-9-]{1,64}$/.test(bucketRegion);
  return named ? `use --region ${bucketRegion}` : `${WRONG_REGION.hint}; ${region} was used`;
}

/** Text from outside, fit for a message: one line, no control characters, at most 200 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
