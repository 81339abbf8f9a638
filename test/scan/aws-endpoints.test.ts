import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { WHOLE } from '../../src/head/engine.ts';
import { FastEngine } from '../../src/head/fast-engine.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { parseS3Url } from '../../src/s3/address.ts';
import { connect } from '../../src/scan/connect.ts';
import { awsEnvironment } from '../s3/aws-environment.ts';
import { recordingEndpoint, type RecordedRequest, type RecordingEndpoint } from '../support/recording-endpoint.ts';

interface Case {
  readonly documentation: string;
  readonly params: {
    readonly Region?: string;
    readonly Bucket?: string;
    readonly Endpoint?: string;
    readonly ForcePathStyle?: boolean;
    readonly UseFIPS?: boolean;
    readonly UseDualStack?: boolean;
    readonly Accelerate?: boolean;
    readonly UseArnRegion?: boolean;
    readonly UseGlobalEndpoint?: boolean;
    readonly DisableAccessPoints?: boolean;
    readonly UseS3ExpressControlEndpoint?: boolean;
    readonly DisableS3ExpressSessionAuth?: boolean;
  };
  readonly expect: {
    readonly error?: string;
    readonly endpoint?: { readonly url: string; readonly properties: { readonly authSchemes: readonly { readonly name: string; readonly signingName: string; readonly signingRegion: string }[] } };
  };
  readonly operations?: readonly string[];
}

const file = new URL('../../../test/s3/aws-endpoint-tests.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };

/** Why a case is not about what s3scan does; null where it is. */
function leftOut({ params, expect, operations = [] }: Case): string | null {
  const { Bucket, Region, UseGlobalEndpoint, UseFIPS, UseDualStack, Accelerate, Endpoint, UseArnRegion } = params;
  if (Bucket === undefined) return 'about no bucket';
  if (operations.includes('CreateBucket') || params.UseS3ExpressControlEndpoint === true) return 'creates or deletes buckets';
  if (params.DisableAccessPoints === true) return 'about operations that access points do not have';
  if (Region === undefined) return 'without a region, which s3scan always has';
  if (!Bucket.startsWith('arn:') && !/^[A-Za-z0-9._-]{3,}$/.test(Bucket)) return 'a name that no bucket has, and that s3scan refuses';
  if (UseGlobalEndpoint === true && Region === 'us-east-1' && !UseFIPS && !UseDualStack && !Accelerate && Endpoint === undefined) return "the global endpoint of us-east-1, which AWS's newer tools no longer use";
  if (UseArnRegion === false && /does not match client region/.test(expect.error ?? '')) return "forbids the ARN's region, which s3scan always uses";
  return null;
}

/** What the SDKs do unasked at a custom endpoint, s3scan does with `virtual`, where the names allow it. */
function addressingOf({ Bucket = '', Endpoint, ForcePathStyle }: Case['params']): 'auto' | 'path' | 'virtual' {
  if (ForcePathStyle === true) return 'path';
  const named = Endpoint !== undefined && URL.canParse(Endpoint) && isIP(new URL(Endpoint).hostname) === 0;
  return named && /^[a-z0-9.-]+$/.test(Bucket) ? 'virtual' : 'auto';
}

const SESSION = `<CreateSessionResult><Credentials><SessionToken>session-token</SessionToken><SecretAccessKey>session-secret</SecretAccessKey>
  <AccessKeyId>SESSION</AccessKeyId><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>`;

function answerSession({ target }: RecordedRequest, response: ServerResponse): boolean {
  if (!target.endsWith('?session=')) return false;
  response.end(SESSION);
  return true;
}

describe("AWS's published endpoint test cases", () => {
  let plain: RecordingEndpoint;
  let secure: RecordingEndpoint;
  const releases: (() => Promise<void>)[] = [];

  before(async () => {
    const ending = { after: (release: () => Promise<void>) => releases.push(release) };
    plain = await recordingEndpoint(ending, { answer: answerSession });
    secure = await recordingEndpoint(ending, { tls: true, answer: answerSession });
  });
  after(async () => {
    for (const release of releases) await release();
  });

  /** A LIST and a HEAD, as a scan sends them. */
  async function ask({ params }: Case): Promise<readonly RecordedRequest[]> {
    const { Region = '', Bucket = '', Endpoint = null } = params;
    const { bucket } = parseS3Url(`s3://${Bucket}`);
    const server = Endpoint?.startsWith('http:') === true ? plain : secure;
    const from = server.requests.length;
    const pace = Pace.allocate(null);
    const connection = await connect(
      {
        endpoints: Endpoint === null ? [] : [Endpoint], region: Region, profile: null, noSignRequest: false, addressing: addressingOf(params), connectTo: { host: '127.0.0.1', port: server.port },
        dualStack: params.UseDualStack === true, fips: params.UseFIPS === true, accelerate: params.Accelerate === true,
        caBundle: null, clientCert: null, clientKey: null, insecure: true, requestPayer: false, expectedBucketOwner: null, headers: [], engine: 'fast', timeoutMs: 5000, maxAttempts: 1, rate: null,
      },
      bucket,
      '1.2.3',
    );
    const client = await connection.client(bucket, { retryBudget: RetryBudget.allocate(1), pace, endpoints: EndpointHealth.allocate(1) }, () => {});
    try {
      await client.get([['list-type', '2']]);
      const engine = new FastEngine({ ...connection, addressing: 'auto', clockOffsetMs: 0, engine: 'fast', schema: HEAD_COLUMNS, recordRows: 1, parts: false, mayBeTold: false, timeoutMs: 5000, maxAttempts: 1 }, new Pace(pace));
      engine.useAddress(bucket, client.address);
      await new Promise<void>((resolve, reject) => {
        const channel = engine.open({
          onAnswer: () => void channel.close().then(resolve),
          onNoAnswer: reject,
        });
        channel.head(bucket, Buffer.from('a//b'), 0, 4, WHOLE);
      });
    } finally {
      await client.close();
    }
    return server.requests.slice(from);
  }

  const reasons = new Map<string, number>();
  for (const [at, each] of cases.entries()) {
    const { params, expect, documentation } = each;
    const reason = leftOut(each);
    if (reason !== null) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      continue;
    }
    test(`${at} ${documentation}: ${params.Bucket} in ${params.Region}`, async (t) => {
      awsEnvironment(t, {
        AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token',
        AWS_S3_DISABLE_EXPRESS_SESSION_AUTH: String(params.DisableS3ExpressSessionAuth === true),
      });
      const scheme = expect.endpoint?.properties.authSchemes.find(({ name }) => name !== 'sigv4a');
      if (expect.endpoint === undefined || scheme === undefined) {
        await assert.rejects(ask(each), (error) => error instanceof Failure && error.kind === 'usage' && error.hint !== null);
        return;
      }
      const requests = await ask(each);
      const { host, pathname } = new URL(expect.endpoint.url);
      const path = pathname === '/' ? '' : pathname;
      const session = scheme.name === 'sigv4-s3express';
      const asked = requests.map((request) => {
        const [, access, region, service] = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.header('authorization')!)!;
        const token = request.header('x-amz-security-token') ?? request.header('x-amz-s3session-token');
        return [`${request.method} ${request.host}${request.target}`, region, service, access, token];
      });
      const scope = [scheme.signingRegion, scheme.signingName];
      const own = session ? ['SESSION', 'session-token'] : ['AKID', 'token'];
      assert.deepEqual(asked, [
        ...(session ? [[`GET ${host}${path || '/'}?session=`, ...scope, 'AKID', 'token']] : []),
        [`GET ${host}${path || '/'}?list-type=2`, ...scope, ...own],
        [`HEAD ${host}${path}/a//b`, ...scope, ...own],
      ]);
    });
  }

  test('those left out', (t) => {
    for (const [reason, count] of reasons) t.diagnostic(`${count} cases: ${reason}`);
  });
});
