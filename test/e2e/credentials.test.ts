/** Every way to credentials that the AWS tools know, with services of our own on loopback, through the built command. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { s3scanDone, type Environment } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { serveHttp } from '../support/http-server.ts';
import { recordingEndpoint } from '../support/recording-endpoint.ts';
import { wrongSignature } from '../support/signature-oracle.ts';

const ISSUED = { accessKeyId: 'ISSUED', secretAccessKey: 'issued-secret-key', sessionToken: 'issued-session-token' };
const EXPIRATION = new Date(Date.now() + 3_600_000);

/** Answers with what `answer` makes of each request; ended with the test. */
async function service(t: TestContext, answer: (request: { method: string; url: string; header: (name: string) => string | undefined; body: string }) => string | null): Promise<string> {
  return serveHttp(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const header = (name: string): string | undefined => request.headers[name] as string | undefined;
      const text = answer({ method: request.method!, url: request.url!, header, body: Buffer.concat(chunks).toString() });
      response.writeHead(text === null ? 403 : 200).end(text);
    });
  });
}

/** Tunnels to the service, whatever name is asked for. What was asked is kept. */
async function proxyTo(t: TestContext, url: string): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const proxy = createServer().on('connect', (request: IncomingMessage, socket: Duplex) => {
    asked.push(request.url!);
    const behind = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(behind).pipe(socket);
    });
    for (const each of [socket, behind]) sockets.add(each.on('error', () => {}));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

function sts(action: string): string {
  const { accessKeyId, secretAccessKey, sessionToken } = ISSUED;
  const credentials = `<Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${EXPIRATION.toISOString()}</Expiration></Credentials>`;
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${credentials}</${action}Result></${action}Response>`;
}

const METADATA = JSON.stringify({ Code: 'Success', AccessKeyId: ISSUED.accessKeyId, SecretAccessKey: ISSUED.secretAccessKey, Token: ISSUED.sessionToken, Expiration: EXPIRATION.toISOString() });
const LONG_LIVED = '[base]\naws_access_key_id = BASE\naws_secret_access_key = base-secret-key\n';

interface Way {
  readonly env?: Environment;
  readonly config?: string;
  readonly credentials?: string;
  readonly options?: readonly string[];
}

/** What is needed of each way, in a home folder of its own. */
const WAYS: Readonly<Record<string, (t: TestContext, home: string) => Promise<Way>>> = {
  environment: () => Promise.resolve({ env: { AWS_ACCESS_KEY_ID: ISSUED.accessKeyId, AWS_SECRET_ACCESS_KEY: ISSUED.secretAccessKey, AWS_SESSION_TOKEN: ISSUED.sessionToken } }),
  'a profile of the shared files': () =>
    Promise.resolve({ options: ['--profile', 'temporary'], credentials: `[temporary]\naws_access_key_id = ${ISSUED.accessKeyId}\naws_secret_access_key = ${ISSUED.secretAccessKey}\naws_session_token = ${ISSUED.sessionToken}\n` }),
  'role_arn with source_profile': async (t) => {
    const url = await service(t, ({ header, body }) => (header('authorization')!.includes('Credential=BASE/') && body.includes('RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader') ? sts('AssumeRole') : null));
    return { env: { AWS_ENDPOINT_URL_STS: url, AWS_PROFILE: 'role' }, credentials: LONG_LIVED, config: '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n' };
  },
  'web identity': async (t, home) => {
    await writeFile(join(home, 'token'), 'identity-token');
    const url = await service(t, ({ body }) => (body.includes('Action=AssumeRoleWithWebIdentity') && body.includes('WebIdentityToken=identity-token') ? sts('AssumeRoleWithWebIdentity') : null));
    return { env: { AWS_ENDPOINT_URL_STS: url, AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'), AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/reader' } };
  },
  credential_process: async (_t, home) => {
    const script = join(home, 'issue.cjs');
    const issued = { Version: 1, AccessKeyId: ISSUED.accessKeyId, SecretAccessKey: ISSUED.secretAccessKey, SessionToken: ISSUED.sessionToken, Expiration: EXPIRATION.toISOString() };
    await writeFile(script, `console.log(${JSON.stringify(JSON.stringify(issued))})`);
    return { options: ['--profile', 'process'], config: `[profile process]\ncredential_process = "${process.execPath}" "${script}"\n` };
  },
  'an SSO session': async (t, home) => {
    const cache = join(home, '.aws', 'sso', 'cache');
    await mkdir(cache, { recursive: true });
    const token = { accessToken: 'sso-access-token', expiresAt: EXPIRATION.toISOString(), region: 'us-east-1', startUrl: 'https://corp.invalid/start' };
    await writeFile(join(cache, `${createHash('sha1').update('corp').digest('hex')}.json`), JSON.stringify(token));
    const url = await service(t, ({ url: asked, header }) =>
      asked.startsWith('/federation/credentials?') && /\brole_name=reader\b/.test(asked) && /\baccount_id=123456789012\b/.test(asked) && header('x-amz-sso_bearer_token') === 'sso-access-token'
        ? JSON.stringify({ roleCredentials: { ...ISSUED, expiration: EXPIRATION.getTime() } })
        : null,
    );
    const config = '[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n[sso-session corp]\nsso_start_url = https://corp.invalid/start\nsso_region = us-east-1\n';
    return { env: { AWS_ENDPOINT_URL_SSO: url }, options: ['--profile', 'sso'], config };
  },
  "a container's role": async (t) => {
    const url = await service(t, ({ url: asked, header }) => (asked === '/task' && header('authorization') === 'container-token' ? METADATA : null));
    return { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/task`, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'container-token' } };
  },
  "an instance's role": async (t) => {
    const url = await service(t, ({ method, url: asked, header }) => {
      if (method === 'PUT') return 'metadata-token';
      if (header('x-aws-ec2-metadata-token') !== 'metadata-token') return null;
      return asked.endsWith('/security-credentials/') ? 'role' : METADATA;
    });
    return { env: { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url } };
  },
};

/** Runs `head` with them: every request is signed, and none of them is shown. */
async function assertUsed(t: TestContext, home: string, { env = {}, config = '', credentials = '', options = [] }: Way): Promise<void> {
  const files = { AWS_CONFIG_FILE: join(home, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials') };
  await Promise.all([writeFile(files.AWS_CONFIG_FILE, config), writeFile(files.AWS_SHARED_CREDENTIALS_FILE, credentials)]);
  const server = await recordingEndpoint(t);
  const { stdout, stderr } = await s3scanDone(['head', 's3://photos', '--endpoint', `http://127.0.0.1:${server.port}`, ...options], {
    env: { HOME: home, AWS_REGION: 'eu-central-1', ...files, ...env },
  });
  assert.deepEqual([...new Set(server.requests.map(({ method }) => method))], ['GET', 'HEAD']);
  for (const request of server.requests) assert.equal(await wrongSignature(request, ISSUED), null);
  for (const secret of [ISSUED.secretAccessKey, ISSUED.sessionToken, 'base-secret-key', 'sso-access-token', 'identity-token']) assert.ok(!`${stdout}${stderr}`.includes(secret));
}

describe('credentials', { concurrency: 2 }, () => {
  for (const [name, way] of Object.entries(WAYS)) {
    test(`${name}: every request is signed with them, and none is shown`, async (t) => {
      const home = await temporaryFolder(t);
      await assertUsed(t, home, await way(t, home));
    });
  }

  for (const [name, variable] of [['role_arn with source_profile', 'AWS_ENDPOINT_URL_STS'], ['web identity', 'AWS_ENDPOINT_URL_STS'], ['an SSO session', 'AWS_ENDPOINT_URL_SSO']] as const) {
    test(`${name}: asked for by way of the proxy`, async (t) => {
      const home = await temporaryFolder(t);
      const way = await WAYS[name]!(t, home);
      const proxy = await proxyTo(t, way.env![variable]!);
      const env = { ...way.env, [variable]: 'http://issuer.nowhere.invalid', HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
      await assertUsed(t, home, { ...way, env });
      assert.deepEqual([...new Set(proxy.asked)], ['issuer.nowhere.invalid:80']);
    });
  }

  for (const name of ["a container's role", "an instance's role"]) {
    test(`${name}: never by way of a proxy`, async (t) => {
      const home = await temporaryFolder(t);
      const way = await WAYS[name]!(t, home);
      await assertUsed(t, home, { ...way, env: { ...way.env, HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' } });
    });
  }

  test('--no-sign-request: nothing of them is read or sent', async (t) => {
    const server = await recordingEndpoint(t);
    const env = { AWS_ACCESS_KEY_ID: ISSUED.accessKeyId, AWS_SECRET_ACCESS_KEY: ISSUED.secretAccessKey, AWS_SESSION_TOKEN: ISSUED.sessionToken, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' };
    await s3scanDone(['head', 's3://photos', '--no-sign-request', '--endpoint', `http://127.0.0.1:${server.port}`], { env });
    for (const { headers } of server.requests) assert.deepEqual(headers.filter(([name]) => /^authorization$|^x-amz-/i.test(name)), []);
  });
});
