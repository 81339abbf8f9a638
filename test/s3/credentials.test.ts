import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { credentialProvider, type CredentialProvider } from '../../src/s3/credentials.ts';
import { serveHttp } from '../support/http-server.ts';
import { awsEnvironment } from './aws-environment.ts';

/** What signs: the SDK adds notes of its own. */
async function keysOf(provider: CredentialProvider): Promise<(string | undefined)[]> {
  const { accessKeyId, secretAccessKey, sessionToken } = await provider();
  return [accessKeyId, secretAccessKey, sessionToken];
}

async function refusal(provider: CredentialProvider): Promise<Failure> {
  const error: unknown = await provider().then(() => assert.fail('credentials came'), (thrown: unknown) => thrown);
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, 'access');
  assert.match(error.hint!, /AWS_ACCESS_KEY_ID.*--profile.*--no-sign-request/);
  assert.equal(error.cause, undefined);
  assert.doesNotMatch(`${error.message} ${error.stack}`, /hunter2/);
  return error;
}

const PROFILES = `[default]
aws_access_key_id = DEFAULTKEY
aws_secret_access_key = default-secret

[other]
aws_access_key_id = OTHERKEY
aws_secret_access_key = other-secret
aws_session_token = other-token
`;

test('keys come from the environment, with or without a session token', async (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 'env-secret' }, { credentials: PROFILES });
  assert.deepEqual(await credentialProvider(null)(), { accessKeyId: 'ENVKEY', secretAccessKey: 'env-secret' });
  process.env['AWS_SESSION_TOKEN'] = 'env-token';
  assert.deepEqual(await keysOf(credentialProvider(null)), ['ENVKEY', 'env-secret', 'env-token']);
});

test('half a pair in the environment is none', async (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'ENVKEY' }, { credentials: PROFILES });
  assert.deepEqual(await keysOf(credentialProvider(null)), ['DEFAULTKEY', 'default-secret', undefined]);
});

test('a profile that was named comes before the environment', async (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 'env-secret' }, { credentials: PROFILES });
  const warn = t.mock.method(console, 'warn');
  assert.deepEqual(await keysOf(credentialProvider('other')), ['OTHERKEY', 'other-secret', 'other-token']);
  assert.equal(warn.mock.callCount(), 0);
});

test('credentials are read again when that is asked for, and not before', async (t) => {
  const folder = awsEnvironment(t, {}, { credentials: PROFILES });
  const provider = credentialProvider('other');
  assert.equal((await provider()).accessKeyId, 'OTHERKEY');
  writeFileSync(join(folder, 'credentials'), PROFILES.replace('OTHERKEY', 'NEWKEY'));
  assert.equal((await provider()).accessKeyId, 'OTHERKEY');
  assert.equal((await provider({ forceRefresh: true })).accessKeyId, 'NEWKEY');
  assert.equal((await provider()).accessKeyId, 'NEWKEY');
});

test('credentials that are about to expire are renewed unasked', async (t) => {
  let served = 0;
  const url = await serveHttp(t, (_request, response) => {
    served++;
    const Expiration = new Date(Date.now() + (served === 1 ? 60_000 : 3_600_000)).toISOString();
    response.end(JSON.stringify({ AccessKeyId: `KEY${served}`, SecretAccessKey: 's', Token: 't', Expiration }));
  });
  awsEnvironment(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/task` });
  const provider = credentialProvider(null);
  const first = await provider();
  assert.equal(first.accessKeyId, 'KEY1');
  assert.ok(first.expiration instanceof Date);
  // the old ones serve until the new ones are there
  while ((await provider()).accessKeyId === 'KEY1') await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((await provider()).accessKeyId, 'KEY2');
  assert.equal(served, 2);
});

test("an instance's role is used", async (t) => {
  const url = await serveHttp(t, (request, response) => {
    if (request.method === 'PUT') response.end('metadata-token');
    else if (request.headers['x-aws-ec2-metadata-token'] !== 'metadata-token') response.writeHead(401).end();
    else if (request.url === '/latest/meta-data/iam/security-credentials/') response.end('role');
    else response.end(JSON.stringify({ AccessKeyId: 'ROLEKEY', SecretAccessKey: 's', Token: 't', Expiration: new Date(Date.now() + 3_600_000).toISOString() }));
  });
  awsEnvironment(t, { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
  assert.deepEqual(await keysOf(credentialProvider(null)), ['ROLEKEY', 's', 't']);
});

test('a metadata service that does not answer is given up on', { timeout: 5000 }, async (t) => {
  const url = await serveHttp(t, (request, response) => {
    if (request.method !== 'PUT') response.writeHead(404).end();
  });
  awsEnvironment(t, { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
  await refusal(credentialProvider(null));
});

test('without credentials anywhere the failure says how to give them', async (t) => {
  awsEnvironment(t, {});
  const { message } = await refusal(credentialProvider(null));
  assert.match(message, /^no AWS credentials: Could not load credentials/);
});

test('a provider that fails does not tell what it read or ran (R7)', async (t) => {
  const url = await serveHttp(t, (_request, response) => response.end('hunter2 is no JSON'));
  const config = '[profile process]\ncredential_process = false hunter2\n[profile json]\ncredential_process = echo {hunter2\n';
  awsEnvironment(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }, { config });
  await refusal(credentialProvider(null));
  delete process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  assert.match((await refusal(credentialProvider('process'))).message, /from profile "process"/);
  await refusal(credentialProvider('json'));
});

test('an expired SSO session is named, with the command that renews it', async (t) => {
  const profile = '[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n';
  const session = '[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n';
  awsEnvironment(t, {}, { config: profile + session });
  const { message } = await refusal(credentialProvider('sso'));
  assert.match(message, /SSO session.*'aws sso login'/);
});
