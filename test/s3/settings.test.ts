import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { resolveSettings, type SettingsOptions } from '../../src/s3/settings.ts';
import { awsEnvironment } from './aws-environment.ts';

const NO_FLAGS: SettingsOptions = { endpoint: null, region: null, profile: null, noSignRequest: true, dualStack: false, fips: false, accelerate: false };

const CONFIG = `
[default]
region = eu-west-1
endpoint_url = http://default.example

[profile minio]
region = minio-region
endpoint_url = http://generic.example
services = local

[profile plain]
region = eu-north-1

[profile broken]
services = nowhere

[services local]
dynamodb =
  endpoint_url = http://dynamodb.example
s3 =
  endpoint_url = http://s3.example
`;

async function placeOf(options: Partial<SettingsOptions> = {}): Promise<[endpoint: string | null, region: string]> {
  const { endpoint, region } = await resolveSettings({ ...NO_FLAGS, ...options });
  return [endpoint, region];
}

test('AWS and us-east-1, unless told', async (t) => {
  awsEnvironment(t, {});
  assert.deepEqual(await placeOf(), [null, 'us-east-1']);
});

test('flags come before the environment, and that before the profile', async (t) => {
  const endpoints = { AWS_ENDPOINT_URL_S3: 'http://env-s3.example', AWS_ENDPOINT_URL: 'http://env.example' };
  awsEnvironment(t, { ...endpoints, AWS_REGION: 'r1', AWS_DEFAULT_REGION: 'r2' }, { config: CONFIG });
  assert.deepEqual(await placeOf({ endpoint: 'http://flag.example', region: 'r0' }), ['http://flag.example', 'r0']);
  assert.deepEqual(await placeOf({ profile: 'minio' }), ['http://env-s3.example', 'r1']);
  delete process.env['AWS_ENDPOINT_URL_S3'];
  delete process.env['AWS_REGION'];
  assert.deepEqual(await placeOf({ profile: 'minio' }), ['http://env.example', 'r2']);
  // set but empty is not set, as for the AWS tools
  process.env['AWS_ENDPOINT_URL'] = '';
  process.env['AWS_DEFAULT_REGION'] = '';
  assert.deepEqual(await placeOf({ profile: 'minio' }), ['http://s3.example', 'minio-region']);
});

test("a profile's own endpoint for s3 comes before its general one, and nothing is taken from another profile", async (t) => {
  awsEnvironment(t, {}, { config: CONFIG });
  assert.deepEqual(await placeOf(), ['http://default.example', 'eu-west-1']);
  assert.deepEqual(await placeOf({ profile: 'minio' }), ['http://s3.example', 'minio-region']);
  assert.deepEqual(await placeOf({ profile: 'plain' }), [null, 'eu-north-1']);
});

test('AWS_PROFILE names the profile where no flag does', async (t) => {
  awsEnvironment(t, { AWS_PROFILE: 'minio' }, { config: CONFIG });
  assert.deepEqual(await placeOf(), ['http://s3.example', 'minio-region']);
  assert.deepEqual(await placeOf({ profile: 'plain' }), [null, 'eu-north-1']);
});

test('a profile may be in the credentials file alone', async (t) => {
  awsEnvironment(t, {}, { credentials: '[onprem]\naws_access_key_id = A\naws_secret_access_key = B\nregion = onprem-1\n' });
  assert.deepEqual(await placeOf({ profile: 'onprem' }), [null, 'onprem-1']);
});

test('a profile that is nowhere is a usage failure that names those there are, even where nothing else is needed of it', async (t) => {
  awsEnvironment(t, { AWS_ENDPOINT_URL_S3: 'http://env.example', AWS_REGION: 'r1' }, { config: CONFIG });
  for (const profile of ['minoi', '__proto__', 'constructor']) {
    await assert.rejects(placeOf({ profile }), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.kind, 'usage');
      assert.ok(error.message.includes(profile));
      assert.equal(error.hint, 'known profiles: default, minio, plain, broken');
      return true;
    });
  }
});

test('a services section that is missing is a usage failure', async (t) => {
  awsEnvironment(t, {}, { config: CONFIG });
  await assert.rejects(placeOf({ profile: 'broken' }), { name: 'Failure', kind: 'usage', message: /\[services nowhere\]/ });
});

test('what cannot be a region is refused', async (t) => {
  awsEnvironment(t, {});
  assert.deepEqual(await placeOf({ region: 'RegionOne' }), [null, 'RegionOne']);
  for (const region of ['', 'eu central', 'a/b', 'a\nb']) {
    await assert.rejects(placeOf({ region }), { name: 'Failure', kind: 'usage' }, JSON.stringify(region));
  }
});

test('requests are signed unless told not to', async (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' });
  assert.equal((await resolveSettings(NO_FLAGS)).credentials, null);
  const { credentials } = await resolveSettings({ ...NO_FLAGS, noSignRequest: false });
  assert.deepEqual(await credentials!(), { accessKeyId: 'A', secretAccessKey: 'B' });
});

test('with everything in flags and environment no AWS package is loaded: it would cost the start 80 ms', (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B', AWS_REGION: 'r1' });
  const script = `
    import { createRequire } from 'node:module';
    import { resolveSettings } from ${JSON.stringify(new URL('../../src/s3/settings.js', import.meta.url).href)};
    const { credentials } = await resolveSettings({ endpoint: 'http://127.0.0.1', region: null, profile: null, noSignRequest: false });
    const { accessKeyId } = await credentials();
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /@aws-sdk|@smithy/.test(path));
    process.stdout.write(JSON.stringify({ accessKeyId, loaded }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(output), { accessKeyId: 'A', loaded: [] });
});
