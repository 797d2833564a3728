import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Health, NodeMetrics } from '@livermore/instance';
import { AppError, messageOf } from '@livermore/utils';
import type { Logger, Recovery } from '@livermore/utils';
import { refusalOf } from './foreign-request';

/** What a request may cost: whoever is slow, long or many is hung up on, and others are answered. */
const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 3_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 500,
} as const;
const MAX_CONNECTIONS = 64;

/** The port asked for is taken. */
export class PortTakenError extends AppError {
  readonly code = 'PORT_TAKEN';
  readonly recovery: Recovery = 'stop';
}

export interface ObservabilityOptions {
  readonly metrics: NodeMetrics;
  /** Looks now; never answers from memory. */
  readonly health: () => Promise<Health>;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
}

export interface ObservabilityServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` (Prometheus text) and `/health` (200 or 503 with the checks) on loopback only, to programs of this machine.
 * @throws PortTakenError naming the remedy
 */
export async function serveObservability(options: ObservabilityOptions): Promise<ObservabilityServer> {
  const server = createServer(LIMITS, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.logger.error({ event: 'observability_failed', path: request.url, error: messageOf(error) });
      send(response, 500, 'text/plain', 'internal error\n');
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, options.port);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, health }: ObservabilityOptions,
): Promise<void> {
  const path = request.url?.split('?')[0];
  const refusal = refusalOf(request.headers, request.socket.localPort ?? 0);
  if (refusal !== null) {
    send(response, refusal.status, 'text/plain', refusal.text);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'text/plain', 'only GET\n');
  } else if (path === '/metrics') {
    send(response, 200, metrics.registry.contentType, await metrics.registry.metrics());
  } else if (path === '/health') {
    const report = await health();
    send(response, report.ok ? 200 : 503, 'application/json', `${JSON.stringify(report)}\n`);
  } else {
    send(response, 404, 'text/plain', 'there are /metrics and /health\n');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `port ${port} for metrics and health is taken: choose another with --metrics-port, or 0 for any free one`;
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(taken, { port }, error) : error);
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
