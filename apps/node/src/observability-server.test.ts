import { request } from 'node:http';
import type { Health } from '@livermore/instance';
import { NodeMetrics } from '@livermore/instance';
import { silentLogger } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { PortTakenError, serveObservability } from './observability-server';
import type { ObservabilityServer } from './observability-server';

const WELL: Health = { ok: true, state: 'active', checks: [{ name: 'redis', ok: true, detail: 'answers' }] };
const opened: ObservabilityServer[] = [];

async function serve(health: () => Promise<Health> = () => Promise.resolve(WELL), port = 0) {
  const server = await serveObservability({ metrics: new NodeMetrics(), health, port, logger: silentLogger });
  opened.push(server);
  return server;
}

/** Method, path → status, type and text. */
function ask(url: string, method = 'GET'): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: String(response.headers['content-type']), text }),
      );
    });
    sent.on('error', reject).end();
  });
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

  it('listens on loopback only, and says which port is taken', async () => {
    const { url } = await serve();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(url).port);
    await expect(serve(undefined, port)).rejects.toThrow(PortTakenError);
    await expect(serve(undefined, port)).rejects.toThrow(`port ${port} for metrics and health is taken`);
  });
});
