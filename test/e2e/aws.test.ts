/** AWS as the built command asks it: its addresses lead to a server on loopback. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { s3scan, s3scanDone, type RunOptions } from '../support/cli.ts';
import { recordingEndpoint, type RecordedRequest, type RecordingEndpoint, type RecordingOptions } from '../support/recording-endpoint.ts';
import { readNdjson } from '../support/tables.ts';

const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'very-secret', AWS_SESSION_TOKEN: 'very-secret-token' };

function instead({ port }: RecordingEndpoint): string[] {
  return ['--connect-to', `127.0.0.1:${port}`, '--insecure'];
}

/** `METHOD host region/service` of each request, once. */
function asked(requests: readonly RecordedRequest[]): string[] {
  return [...new Set(requests.map(({ method, host, header }) => `${method} ${host} ${/\/\d{8}\/(.*)\/aws4_request/.exec(header('authorization') ?? '')?.[1]}`))];
}

async function answers(t: Parameters<typeof recordingEndpoint>[0], args: readonly string[], options: RunOptions = {}, recording: RecordingOptions = {}): Promise<{ requests: RecordedRequest[]; keys: string[] }> {
  const server = await recordingEndpoint(t, { tls: true, ...recording });
  const { stdout } = await s3scanDone([...args, ...instead(server)], { env, ...options });
  return { requests: server.requests, keys: readNdjson(stdout).map(({ key, status }) => `${String(key)} ${String(status)}`).sort() };
}

/** Says which region a bucket is in to who asks in another. */
function inRegion(regions: Readonly<Record<string, string>>, status: number): NonNullable<RecordingOptions['answer']> {
  return ({ host }, response) => {
    const region = regions[host.split('.')[0]!];
    if (region === undefined || host.includes(region)) return false;
    response.writeHead(status, { 'x-amz-bucket-region': region, location: 'https://evil.invalid/' }).end();
    return true;
  };
}

describe('AWS', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk'] as const) {
    test(`an access point by its ARN, in the region of the ARN, engine ${engine}`, async (t) => {
      const { requests, keys } = await answers(t, ['head', 'arn:aws:s3:eu-west-3:123456789012:accesspoint/mine/', '--engine', engine]);
      assert.deepEqual(keys, ['key 200']);
      const host = 'mine-123456789012.s3-accesspoint.eu-west-3.amazonaws.com';
      assert.deepEqual(asked(requests), [`GET ${host} eu-west-3/s3`, `HEAD ${host} eu-west-3/s3`]);
    });

    test(`FIPS and dual-stack, by option and by environment, engine ${engine}`, async (t) => {
      const options = ['head', 's3://photos', '--region', 'us-west-2', '--engine', engine, '--fips'];
      const { requests } = await answers(t, options, { env: { ...env, AWS_USE_DUALSTACK_ENDPOINT: 'true' } });
      const host = 'photos.s3-fips.dualstack.us-west-2.amazonaws.com';
      assert.deepEqual(asked(requests), [`GET ${host} us-west-2/s3`, `HEAD ${host} us-west-2/s3`]);
    });
  }

  test('the region is found with one request, and remembered', async (t) => {
    for (const status of [301, 400]) {
      const { requests, keys } = await answers(t, ['head', 's3://photos'], {}, { answer: inRegion({ photos: 'eu-west-1' }, status), keys: ['a', 'b', 'c'] });
      assert.deepEqual(keys, ['a 200', 'b 200', 'c 200']);
      const [first, ...rest] = requests;
      assert.equal(asked([first!])[0], 'GET photos.s3.us-east-1.amazonaws.com us-east-1/s3');
      assert.deepEqual(asked(rest), ['GET photos.s3.eu-west-1.amazonaws.com eu-west-1/s3', 'HEAD photos.s3.eu-west-1.amazonaws.com eu-west-1/s3']);
    }
  });

  test("each bucket of a key file is asked in its own region, even behind another's", async (t) => {
    const answer = inRegion({ photos: 'eu-west-1', videos: 'ap-south-1' }, 400);
    const stdin = 's3://photos/a\ns3://videos/b\ns3://photos/c\n';
    const { requests, keys } = await answers(t, ['head', '--from', '-'], { env, stdin }, { answer });
    assert.deepEqual(keys, ['a 200', 'b 200', 'c 200']);
    assert.deepEqual(asked(requests.filter(({ method }) => method === 'HEAD')).sort(), [
      'HEAD photos.s3.eu-west-1.amazonaws.com eu-west-1/s3',
      'HEAD videos.s3.ap-south-1.amazonaws.com ap-south-1/s3',
    ]);
  });

  test('S3 Express: a session that may only read, and its credentials for the rest', async (t) => {
    const expiration = new Date(Date.now() + 300_000).toISOString();
    const session = `<?xml version="1.0"?><CreateSessionResult><Credentials><SessionToken>express-token</SessionToken><SecretAccessKey>express-secret</SecretAccessKey><AccessKeyId>EXPRESS</AccessKeyId><Expiration>${expiration}</Expiration></Credentials></CreateSessionResult>`;
    const answer: NonNullable<RecordingOptions['answer']> = ({ target }, response) => {
      if (!target.includes('session')) return false;
      response.end(session);
      return true;
    };
    const { requests, keys } = await answers(t, ['head', 's3://photos--usw2-az1--x-s3', '--region', 'us-west-2'], {}, { answer });
    assert.deepEqual(keys, ['key 200']);
    const host = 'photos--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com';
    assert.deepEqual(asked(requests), [`GET ${host} us-west-2/s3express`, `HEAD ${host} us-west-2/s3express`]);
    const [first, ...rest] = requests;
    assert.deepEqual([first!.target, first!.header('x-amz-create-session-mode'), first!.header('x-amz-security-token')], ['/?session=', 'ReadOnly', 'very-secret-token']);
    for (const { header } of rest) {
      assert.match(header('authorization')!, /Credential=EXPRESS\/.*SignedHeaders=[a-z0-9;-]*x-amz-s3session-token/);
      assert.deepEqual([header('x-amz-s3session-token'), header('x-amz-security-token')], ['express-token', null]);
    }
  });

  for (const [what, args, says] of [
    ['a multi-region access point', ['arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap'], /SigV4a.*\n.*access point of one region/],
    ['acceleration with FIPS', ['s3://photos', '--accelerate', '--fips'], /Accelerate cannot be used with FIPS/],
    ['FIPS at a custom endpoint', ['s3://photos', '--fips', '--endpoint', 'http://127.0.0.1:1'], /custom endpoint cannot be combined with FIPS/],
    ['FIPS in China', ['s3://photos', '--fips', '--region', 'cn-north-1'], /Partition does not support FIPS/],
  ] as const) {
    test(`refused before anything is asked: ${what}`, async () => {
      const { code, stderr } = await s3scan(['list', ...args], { env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
    });
  }

  test('a row of a key file whose bucket has no address ends the scan in words', async (t) => {
    const server = await recordingEndpoint(t);
    const options = ['--endpoint', `http://localhost:${server.port}`, '--connect-to', `127.0.0.1:${server.port}`, '--addressing', 'virtual'];
    const { code, stderr } = await s3scan(['head', '--from', '-', ...options], { env, stdin: 's3://good/a\ns3://No_DNS_name/b\n' });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /"No_DNS_name" cannot be part of a host name\n {2}use --addressing path\n$/);
  });
});
