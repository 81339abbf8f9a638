import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createKeySpace } from '../../src/sim/sim.ts';
import { etagOf } from '../../src/sim/object-attributes.ts';
import { headRequest, raw, withSim } from './client.ts';

const { keyAt } = createKeySpace('flat', 3_000, 1);
const etag = (index: number): string => `"${etagOf(1, index)}"`;

const get = (path: string, fields: string = ''): string => headRequest(path, fields).replace('HEAD', 'GET');

test('pipelined requests are answered in order, pages and refusals among them', async () => {
  await withSim({}, async (sim) => {
    const indexes = Array.from({ length: 200 }, (_, at) => (at * 37) % 3_000);
    const heads = indexes.map((index) => headRequest(`/bucket/${keyAt(index)}`)).join('');
    const answers = await raw(sim, [heads], 200);
    assert.deepEqual(answers.map(({ headers }) => headers['etag']), indexes.map(etag));

    const mixed = headRequest('/bucket/x') + get('/bucket?list-type=2') + headRequest(`/bucket/${keyAt(1)}`) + get('/bucket/x') + get('/no');
    const [missing, list, found, refused, noBucket] = await raw(sim, [mixed], 5, ['HEAD', 'GET', 'HEAD', 'GET', 'GET']);
    assert.deepEqual([missing, list, found, refused, noBucket].map((answer) => answer?.status), [404, 200, 200, 501, 404]);
    assert.equal(list?.body.match(/<Key>/g)?.length, 1_000);
    assert.ok(list.body.endsWith('</ListBucketResult>'));
    assert.equal(found?.headers['etag'], etag(1));
    assert.match(noBucket?.body ?? '', /<Code>NoSuchBucket<\/Code>/);
  });
});

test('a request cut at any byte is the same request', async () => {
  await withSim({}, async (sim) => {
    const text = `\r\n${headRequest(`/bucket/${keyAt(5)}`, 'X-Other:  a b \r\n')}${headRequest('/bucket/none')}`;
    const cuts = Array.from({ length: text.length - 1 }, (_, at) => at + 1);
    const answers = await Promise.all(cuts.map((cut) => raw(sim, [text.slice(0, cut), text.slice(cut)], 2)));
    for (const [first, second] of answers) {
      assert.deepEqual([first?.status, first?.headers['etag'], second?.status], [200, etag(5), 404]);
    }
    const [byByte] = await raw(sim, Array.from(text), 2);
    assert.equal(byByte?.headers['etag'], etag(5));
  });
});

test('answers on one connection stay in order whatever each waits; every request gets one', async () => {
  await withSim({ headLatencyMs: 12, listLatencyMs: 0, latencyJitter: 1 }, async (sim) => {
    const methods = Array.from({ length: 90 }, (_, at) => (at % 3 === 2 ? 'GET' : 'HEAD'));
    const requests = methods.map((method, at) => `${method} /bucket/${method === 'GET' ? '' : keyAt(at)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answers = await raw(sim, requests, 90, methods);
    const told = answers.map(({ status, headers }) => (status === 200 ? headers['etag'] : status));
    assert.deepEqual(told, methods.map((method, at) => (method === 'GET' ? 501 : etag(at))));
  });
});

test('requests of many connections wait at the same time', async () => {
  await withSim({ headLatencyMs: 300 }, async (sim) => {
    const started = process.hrtime.bigint();
    await Promise.all(Array.from({ length: 40 }, (_, at) => raw(sim, [headRequest(`/bucket/${keyAt(at)}`)], 1)));
    const elapsedMs = Number(process.hrtime.bigint() - started) / 1e6;
    // One after another they would take 12 seconds.
    assert.ok(elapsedMs >= 300 && elapsedMs < 6_000, `${elapsedMs} ms`);
  });
});

test('what is no HTTP/1.1 request is refused, and its connection closed', async () => {
  await withSim({}, async (sim) => {
    const refused: [string, number][] = [
      ['hello\r\n\r\n', 400],
      ['HEAD\r\n\r\n', 400],
      ['HEAD http://host/bucket/a HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['HEAD /bucket/a HTTP/1.1\r\n\r\n', 400],
      ['HEAD /bucket/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n', 400],
      ['HEAD /bucket/a HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', 400],
      ['HEAD /bucket/a HTTP/1.1\r\nHost: x\r\nbad name: y\r\n\r\n', 400],
      ['HEAD /bucket/a HTTP/1.0\r\nHost: x\r\n\r\n', 505],
      [`HEAD /bucket/a HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(66_000)}\r\n\r\n`, 431],
    ];
    for (const [request, status] of refused) {
      const answers = await raw(sim, [request + headRequest('/bucket/a')], null, ['GET', 'GET']);
      assert.deepEqual(answers.map((answer) => [answer.status, answer.headers['connection']]), [[status, 'close']], request.slice(0, 60));
    }
    const endless = await raw(sim, [`HEAD /bucket/${'x'.repeat(70_000)}`], null, ['GET']);
    assert.deepEqual(endless.map(({ status }) => status), [431]);
    assert.equal(sim.stats().errors, refused.length + 1);
  });
});

test('a key whose escapes are broken, a key too long, and a request with a body', async () => {
  await withSim({}, async (sim) => {
    for (const path of ['/bucket/%', '/bucket/%4', '/bucket/a%zz', `/bucket/${'k'.repeat(1_025)}`]) {
      assert.equal((await raw(sim, [headRequest(path)], 1))[0]?.status, 400, path);
    }
    const answers = await raw(sim, ['PUT /bucket/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nHEAD'], null, ['PUT']);
    assert.deepEqual(answers.map(({ status, headers }) => [status, headers['connection']]), [[405, 'close']]);
    const asked = await raw(sim, [headRequest(`/bucket/${keyAt(3)}`, 'Connection: close\r\n') + headRequest('/bucket/a')], null);
    assert.deepEqual(asked.map(({ headers }) => [headers['etag'], headers['connection']]), [[etag(3), 'close']]);
  });
});

test('an escaped key is the key that it spells', async () => {
  await withSim({}, async (sim) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2_999), fc.infiniteStream(fc.boolean()), async (index, escape) => {
        const path = Array.from(keyAt(index), (letter) => escape.next().value ? `%${letter.charCodeAt(0).toString(16)}` : letter).join('');
        assert.equal((await raw(sim, [headRequest(`/bucket/${path}`)], 1))[0]?.headers['etag'], etag(index));
      }),
      { numRuns: 30 },
    );
  });
});

test('a client that does not read is not read from, and gets every answer once it reads', async () => {
  await withSim({}, async (sim) => {
    const wanted = 50;
    const { hostname, port } = new URL(sim.endpoint);
    const socket = net.connect({ host: hostname, port: Number(port) });
    // Longer than half of what is read at once, so that a page comes of each reading.
    const request = get('/bucket?list-type=2', `X-Padding: ${'x'.repeat(9_000)}\r\n`);
    socket.setTimeout(5_000, () => socket.destroy());
    socket.write(request.repeat(wanted));
    for (let seen = -1; seen !== sim.stats().lists;) {
      seen = sim.stats().lists;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    assert.ok(sim.stats().lists < wanted, 'all pages were made for a client that reads none');
    let pages = 0;
    let last = '';
    for await (const chunk of socket) {
      const text = last + (chunk as Buffer).toString('latin1');
      pages += text.split('</ListBucketResult>').length - 1;
      last = text.slice(-('</ListBucketResult>'.length - 1));
      if (pages === wanted) break;
    }
    assert.equal(pages, wanted);
  });
});
