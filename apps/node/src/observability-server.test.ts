import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Health } from '@livermore/instance';
import { NodeMetrics } from '@livermore/instance';
import { silentLogger } from '@livermore/utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PortTakenError, serveObservability } from './observability-server';
import type { ObservabilityServer } from './observability-server';

const WELL: Health = { ok: true, state: 'active', checks: [{ name: 'redis', ok: true, detail: 'answers' }] };
const opened: ObservabilityServer[] = [];

async function serve(health: () => Promise<Health> = () => Promise.resolve(WELL), port = 0) {
  const server = await serveObservability({ metrics: new NodeMetrics(), health, port, logger: silentLogger });
  opened.push(server);
  return server;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Method, path → status, type and text. */
function ask(url: string, method = 'GET', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: String(response.headers['content-type']),
          text,
          headers: response.headers,
        }),
      );
    });
    sent.on('error', reject).end();
  });
}

/** A connection that has said nothing yet. */
async function connected(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed]);
  return { socket, closed };
}

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

describe('the observability server', () => {
  it('serves metrics in the text format of Prometheus', async () => {
    const { url } = await serve();
    const answer = await ask(`${url}/metrics?x=1`);
    expect(answer).toMatchObject({ status: 200, type: expect.stringContaining('text/plain; version=') });
    expect(answer.text).toContain('# TYPE livermore_closes_total counter');
  });

  it('asks for the health each time, and answers 503 when something is wrong', async () => {
    let health = WELL;
    const { url } = await serve(() => Promise.resolve(health));
    expect((await ask(`${url}/health`)).status).toBe(200);
    health = { ...WELL, ok: false };
    const answer = await ask(`${url}/health`);
    expect(answer).toMatchObject({ status: 503, type: 'application/json' });
    expect(JSON.parse(answer.text)).toEqual(health);
  });

  it.each([
    ['/', 'GET', 404],
    ['/metrics/', 'GET', 404],
    ['/metrics', 'POST', 405],
    ['/health', 'DELETE', 405],
    ['/health', 'HEAD', 200],
  ])('%s by %s is %i', async (path, method, status) => {
    const { url } = await serve();
    expect((await ask(`${url}${path}`, method)).status).toBe(status);
  });

  it('answers 500 and lives on when a check itself fails', async () => {
    const { url } = await serve(() => Promise.reject(new Error('secret detail')));
    const answer = await ask(`${url}/health`);
    expect(answer).toMatchObject({ status: 500, text: 'internal error\n' });
    expect((await ask(`${url}/metrics`)).status).toBe(200);
  });

  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '[::1]'])('answers to %s', async (name) => {
    const { url } = await serve();
    const { port } = new URL(url);
    const own = `http://${name.toLowerCase()}:${port}`;
    expect((await ask(`${url}/health`, 'GET', { host: `${name}:${port}` })).status).toBe(200);
    expect((await ask(`${url}/health`, 'GET', { origin: own, 'sec-fetch-site': 'same-origin' })).status).toBe(
      200,
    );
    expect((await ask(`${url}/health`, 'GET', { 'sec-fetch-site': 'none' })).status).toBe(200);
  });

  it.each([
    'evil.example:PORT',
    'evil.example',
    'localhost',
    'localhost:1',
    'localhost.evil.example:PORT',
    '127.0.0.1.evil.example:PORT',
    '127.0.0.1:PORT@evil.example',
    '10.0.0.1:PORT',
    '0.0.0.0:PORT',
  ])('does not answer to the name %j: a page of somebody else may have been led here by it', async (host) => {
    const { url } = await serve();
    const { port } = new URL(url);
    const answer = await ask(`${url}/metrics`, 'GET', { host: host.replace('PORT', port) });
    expect([answer.status, answer.text]).toEqual([421, expect.stringContaining('localhost')]);
  });

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { origin: 'https://127.0.0.1:PORT' },
    { 'sec-fetch-site': 'cross-site' },
  ])('refuses a page of somebody else: %j', async (headers) => {
    const { url } = await serve();
    const { port } = new URL(url);
    const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]);
    const answer = await ask(`${url}/health`, 'GET', Object.fromEntries(sent));
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('says nothing of itself, and what its answers are', async () => {
    const { url } = await serve();
    for (const path of ['/metrics', '/health', '/']) {
      const { headers } = await ask(url + path);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(Object.keys(headers).filter((name) => /server|powered|access-control/.test(name))).toEqual([]);
    }
  });

  it('refuses a long header', async () => {
    const { url } = await serve();
    expect((await ask(url, 'GET', { 'x-long': 'x'.repeat(10_000) })).status).toBe(431);
  });

  it('hangs up on one that does not finish its request', async () => {
    const { url } = await serve();
    const slow = await connected(url);
    slow.socket.write('GET /metrics HTTP/1.1\r\nHost: loc');
    expect((await ask(`${url}/health`)).status).toBe(200);
    await slow.closed;
    expect((await ask(`${url}/health`)).status).toBe(200);
  });

  it('hangs up on one too many at once, and answers again when they are gone', async () => {
    const { url } = await serve();
    const many = await Promise.all(Array.from({ length: 100 }, () => connected(url)));
    await Promise.any(many.map(({ closed }) => closed));
    for (const { socket } of many) socket.destroy();
    const isAnswered = () =>
      ask(`${url}/health`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await vi.waitUntil(isAnswered, 10_000);
  });

  it('listens on loopback only, and says which port is taken', async () => {
    const { url } = await serve();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(url).port);
    await expect(serve(undefined, port)).rejects.toThrow(PortTakenError);
    await expect(serve(undefined, port)).rejects.toThrow(`port ${port} for metrics and health is taken`);
  });
});
