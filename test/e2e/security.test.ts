/** What must not happen, whatever a server says: credentials at another place, or shown; control characters on a terminal (R7). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rawServer, response } from '../http/raw-server.ts';
import { plainObject, renderPage } from '../listing/render-page.ts';
import { s3scan, secretsOf } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';

const ENV = { AWS_ACCESS_KEY_ID: 'an-access-key', AWS_SECRET_ACCESS_KEY: 'a+secret/key=0123456789', AWS_SESSION_TOKEN: 'a.session.token.0123456789' };

const PAGE = response(200, {}, renderPage(['a', 'b'].map(plainObject)).toString());

describe('security', { concurrency: 2 }, () => {
  for (const engine of ['fast', 'sdk'] as const) {
    for (const [what, method] of [['listing', 'GET'], ['HEADs', 'HEAD']] as const) {
      test(`a redirect of ${what} to another host is not followed, signed or not, engine ${engine}`, async (t) => {
        const other = await rawServer(t, (socket) => socket.write(response(200)));
        const cwd = await temporaryFolder(t);
        for (const status of [301, 302, 307, 308]) {
          const server = await rawServer(t, (socket, request) => {
            const redirect = response(status, { Location: `${other.origin}${request.target}`, 'x-amz-bucket-region': 'eu-west-1' });
            socket.write(request.method === method ? redirect : PAGE);
          });
          const args = ['head', 's3://bucket', '--endpoint', server.origin, '--engine', engine, '--list-concurrency', '1', '--retries', '1', '-o', `${status}.ndjson`, '--log-level', 'debug', '--log-file', `${status}.log`, '--overwrite'];
          const { code, stderr } = await s3scan(args, { env: ENV, cwd });
          assert.ok(method === 'HEAD' ? code === 3 : code === 4 || code === 5, `${status} ended with ${code}: ${stderr}`);
        }
        assert.equal(other.connections, 0);
        // Rows, metrics and logs among them; standard error is searched wherever the command is run.
        for (const [name, bytes] of await filesIn(cwd)) for (const secret of secretsOf(ENV)) assert.ok(!bytes.includes(secret), `a secret is in ${name}`);
      });
    }
  }

  test('a defect that nobody catches shows no more than its message', async () => {
    // Once the command has begun.
    const crash = 'setInterval(() => { if (process.listenerCount("uncaughtException") > 0) throw Object.assign(new Error("boom"), { request: { headers: { token: process.env.AWS_SESSION_TOKEN } } }) }, 10)';
    const env = { ...ENV, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}` };
    const { code, stderr } = await s3scan(['list', 's3://bucket', '--endpoint', 'http://127.0.0.1:1'], { env });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /s3scan: defect: boom/);
  });

  test('control characters and marks of direction in what a server says are escaped, in stacks too', async (t) => {
    const message = '&#27;]0;title&#7;&#8238;gpj.exe';
    const server = await rawServer(t, (socket) => socket.write(response(403, {}, `<Error><Code>Odd&#27;[2J</Code><Message>${message}</Message></Error>`)));
    for (const more of [[], ['--log-level', 'debug', '--log-file', '/dev/null']]) {
      const { code, stderr } = await s3scan(['list', 's3://bucket', '--endpoint', server.origin, ...more], { env: ENV });
      assert.equal(code, 5, stderr);
      assert.doesNotMatch(stderr, /[^\P{Cc}\n]|\p{Cf}/u);
    }
  });

  test('what is given on the command line is escaped where it is repeated', async () => {
    for (const args of [['list', 's3://bucket', '--\u001b[31m'], ['\u001b]0;title\u0007'], ['list', 's3://\u202ebucket'], ['list', 's3://bucket', '--format', '\u001b[31m']]) {
      const { code, stderr } = await s3scan(args);
      assert.equal(code, 2, stderr);
      assert.doesNotMatch(stderr, /[^\P{Cc}\n]|\p{Cf}/u);
    }
  });

  test('more connections than files may be open: refused before anything is asked, with what to do', { skip: process.platform === 'win32' }, async () => {
    const bin = fileURLToPath(new URL('../../../bin/s3scan.js', import.meta.url));
    const command = ['head', 's3://bucket', '--endpoint', 'http://127.0.0.1:1', '--no-sign-request', '--concurrency', '200'];
    const child = spawn('sh', ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, bin, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--concurrency 200 needs some 328 open files, and the limit is 256\n.*ulimit -n 528/);
  });
});
