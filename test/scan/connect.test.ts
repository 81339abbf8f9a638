import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Credentials } from '../../src/s3/sigv4.ts';
import { connect } from '../../src/scan/connect.ts';
import type { EndpointOptions } from '../../src/scan/options.ts';
import { awsEnvironment } from '../s3/aws-environment.ts';

const OPTIONS: EndpointOptions = {
  endpoints: ['http://127.0.0.1:1'], region: 'us-east-1', profile: null, noSignRequest: false, addressing: 'auto', connectTo: null, dualStack: false, fips: false, accelerate: false,
  caBundle: null, clientCert: null, clientKey: null, insecure: false, requestPayer: false, expectedBucketOwner: null, headers: [], engine: 'fast', timeoutMs: 1000, maxAttempts: 3, rate: null,
};
const MINUTE = 60_000;

interface Issuer {
  /** From now on these are handed out. */
  readonly issue: (accessKeyId: string, expiration: number) => void;
  /** how often they were read */
  readonly times: () => number;
}

/** The SDK's provider for `credential_process`, and what that process says. */
function issuer(t: TestContext): Issuer {
  const folder = awsEnvironment(t, { AWS_PROFILE: 'issued' });
  const [file, log] = [join(folder, 'issued.json'), join(folder, 'log')];
  writeFileSync(join(folder, 'config'), `[profile issued]\ncredential_process = cat "${file}" && echo read >> "${log}"\n`);
  return {
    issue: (accessKeyId, expiration) => {
      const expires = new Date(expiration).toISOString();
      writeFileSync(file, JSON.stringify({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: 's', SessionToken: 't', Expiration: expires }));
    },
    times: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0),
  };
}

/** Resolves once the condition holds; nothing of it depends on the mocked timers but what `meanwhile` does. */
async function until(condition: () => boolean, meanwhile = (): void => {}): Promise<void> {
  while (!condition()) {
    meanwhile();
    await new Promise(setImmediate);
  }
}

test('credentials are read again ahead of each expiry, and what fails is tried again', async (t) => {
  const { issue, times } = issuer(t);
  const start = Date.now();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: start });
  issue('first', start + 60 * MINUTE);
  const connection = await connect(OPTIONS, 'bucket', '1.2.3');
  assert.equal(connection.credentials?.accessKeyId, 'first');
  const refreshed: string[] = [];
  const freshness = connection.keepFresh(({ accessKeyId }: Credentials) => refreshed.push(accessKeyId));

  issue('second', start + 120 * MINUTE);
  t.mock.timers.tick(55 * MINUTE - 1);
  assert.equal(times(), 1);
  t.mock.timers.tick(1);
  await until(() => refreshed.length === 1);
  assert.deepEqual(refreshed, ['second']);

  // A reading that fails, for which the SDK asks the process twice, leaves the old ones in use, and is repeated.
  issue('expired', start);
  t.mock.timers.tick(60 * MINUTE);
  const failedAt = Date.now();
  const passTime = (): void => t.mock.timers.tick(1000);
  await until(() => times() >= 6, passTime);
  assert.ok(Date.now() - failedAt >= MINUTE);
  assert.deepEqual(refreshed, ['second']);
  issue('third', start + 500_000 * MINUTE);
  await until(() => refreshed.length === 2, passTime);
  assert.deepEqual(refreshed, ['second', 'third']);

  // Stopped while a reading is under way.
  issue('fourth', start + 1_000_000 * MINUTE);
  const before = times();
  t.mock.timers.tick(500_000 * MINUTE);
  freshness.stop();
  await until(() => times() > before);
  // as long as the process that reads, and longer
  for (let i = 0; i < 5; i++) await once(spawn('cat', ['/dev/null']), 'close');
  t.mock.timers.tick(1_000_000 * MINUTE);
  assert.deepEqual(refreshed, ['second', 'third']);
});

test('credentials that do not expire, and none, are never read again', async (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' });
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const refreshed: Credentials[] = [];
  for (const noSignRequest of [false, true]) {
    const connection = await connect({ ...OPTIONS, noSignRequest }, 'bucket', '1.2.3');
    assert.equal(connection.credentials?.accessKeyId, noSignRequest ? undefined : 'id');
    const freshness = connection.keepFresh((credentials) => refreshed.push(credentials));
    t.mock.timers.tick(2 ** 31 - 1);
    await new Promise(setImmediate);
    freshness.stop();
  }
  assert.deepEqual(refreshed, []);
});

test('headers that options ask for, and the user agent, go with each request', async (t) => {
  awsEnvironment(t, {});
  const { requestHeaders } = await connect({ ...OPTIONS, noSignRequest: true, requestPayer: true, headers: ['X-Gateway: on'] }, 'bucket', '1.2.3');
  assert.deepEqual(requestHeaders.slice(1), [['x-amz-request-payer', 'requester'], ['x-gateway', 'on']]);
  assert.match(requestHeaders[0]!.join(), /^user-agent,s3scan\/1\.2\.3 /);
});

test('at a custom endpoint no AWS package is loaded: it would cost the start 200 ms', (t) => {
  awsEnvironment(t, { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' });
  const script = `
    import { createRequire } from 'node:module';
    import { connect } from ${JSON.stringify(new URL('../../src/scan/connect.js', import.meta.url).href)};
    const connection = await connect(${JSON.stringify(OPTIONS)}, 'bucket', '1.2.3');
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /@aws-sdk|@smithy/.test(path));
    process.stdout.write(JSON.stringify({ host: connection.host, loaded }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(output), { host: '127.0.0.1:1', loaded: [] });
});
