import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createNodeTransport } from './node-transport';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server on loopback, closed after the test. */
async function serve(listener: RequestListener = (_request, response) => response.end()) {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

function transport() {
  const made = createNodeTransport({ userAgent: 'test' });
  closing.unshift(() => made.close());
  return made;
}

/** Opens a socket and collects what happens on it; `over` resolves when it has closed. */
function open(url: string) {
  const events: string[] = [];
  let onOpen: (() => void) | undefined;
  let onOver: (() => void) | undefined;
  let onMessage: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => (onOpen = resolve));
  const over = new Promise<void>((resolve) => (onOver = resolve));
  const told = new Promise<void>((resolve) => (onMessage = resolve));
  const socket = transport().openSocket(url, {
    opened: () => {
      events.push('opened');
      onOpen?.();
    },
    message: (text) => {
      events.push(`message ${text}`);
      onMessage?.();
    },
    pinged: () => void events.push('pinged'),
    closed: (code, reason) => {
      events.push(`closed ${code} ${reason}`);
      onOver?.();
    },
  });
  return { socket, events, opened, over, told };
}

describe('sockets on the real network', () => {
  it('carry text without compression, answer pings, and close with the handshake', async () => {
    const { server, port } = await serve();
    const wss = new WebSocketServer({ server, perMessageDeflate: true });
    let pong = '';
    let extensions = '';
    wss.on('connection', (peer, request) => {
      extensions = String(request.headers['sec-websocket-extensions']);
      peer.on('pong', (payload) => {
        pong = payload.toString('utf8');
        peer.send('after the pong');
      });
      peer.on('message', (data) => {
        peer.ping('1234');
        peer.send(`echo ${data instanceof Buffer ? data.toString('utf8') : ''}`);
      });
    });
    const { socket, events, opened, over, told } = open(`ws://127.0.0.1:${port}/`);
    await opened;
    socket.send('hello');
    await told;
    socket.close(1000, 'done');
    await over;
    expect(events.filter((event) => event !== 'message after the pong')).toEqual([
      'opened',
      'pinged',
      'message echo hello',
      'closed 1000 done',
    ]);
    expect(pong).toBe('1234');
    expect(extensions).toBe('undefined');
    wss.close();
  });

  it('deliver what the server sent before it answered our close', async () => {
    const { server, port } = await serve();
    const wss = new WebSocketServer({ server });
    wss.on('connection', (peer) => {
      for (let number = 1; number <= 100; number += 1) peer.send(String(number));
    });
    const { socket, events, opened, over } = open(`ws://127.0.0.1:${port}/`);
    await opened;
    socket.close(1000, 'replaced');
    await over;
    expect(events).toHaveLength(102);
    expect(events.at(-2)).toBe('message 100');
    wss.close();
  });

  it('tell a refusal by its status, and nothing else', async () => {
    const { server, port } = await serve();
    server.on('upgrade', (_request, peer) => peer.end('HTTP/1.1 429 Too Many Requests\r\n\r\n'));
    const { events, over } = open(`ws://127.0.0.1:${port}/`);
    await over;
    expect(events).toEqual(['closed 1006 Unexpected server response: 429']);
  });

  it('tell a peer that is not there, and an address that is none', async () => {
    const { server, port } = await serve();
    await new Promise((resolve) => server.close(resolve));
    const absent = open(`ws://127.0.0.1:${port}/`);
    await absent.over;
    expect(absent.events[0]).toMatch(/^closed 1006 connect ECONNREFUSED/);
    const invalid = open('not a url');
    await invalid.over;
    expect(invalid.events).toEqual(['closed 1006 Invalid URL: not a url']);
  });

  it('refuse a frame beyond 16 MiB', async () => {
    const { server, port } = await serve();
    const wss = new WebSocketServer({ server });
    wss.on('connection', (peer) => peer.send(Buffer.alloc(16 * 1024 * 1024 + 1, 97)));
    const { events, over } = open(`ws://127.0.0.1:${port}/`);
    await over;
    expect(events.at(-1)).toMatch(/^closed \d+ Max payload size exceeded/);
    wss.close();
  });

  it('drop at once and send nothing afterwards', async () => {
    const { server, port } = await serve();
    const wss = new WebSocketServer({ server });
    const { socket, events, opened, over } = open(`ws://127.0.0.1:${port}/`);
    await opened;
    socket.terminate();
    socket.send('too late');
    await over;
    expect(events).toEqual(['opened', 'closed 1006 ']);
    wss.close();
  });
});

describe('requests on the real network', () => {
  it('return any status with lower-case headers and the body', async () => {
    const { port } = await serve((request, response) => {
      response.writeHead(418, { 'X-MBX-USED-WEIGHT-1M': '7', 'Retry-After': '3' });
      response.end(`${request.url} ${request.headers['user-agent']} ${request.headers['cache-control']}`);
    });
    const url = `http://127.0.0.1:${port}/api?x=1`;
    const answer = await transport().get(
      { url, headers: { 'cache-control': 'no-cache' } },
      new AbortController().signal,
    );
    expect(answer.status).toBe(418);
    expect(answer.headers).toMatchObject({ 'x-mbx-used-weight-1m': '7', 'retry-after': '3' });
    expect(answer.body).toBe('/api?x=1 test no-cache');
  });

  it.each([
    ['says how long it is', true],
    ['says nothing of its length', false],
  ])('refuse a body beyond what the request allows that %s, and drop its connection', async (_, tells) => {
    const mebibyte = Buffer.alloc(1024 * 1024, ' ');
    let sent = 0;
    let onGone: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (onGone = resolve));
    const { port } = await serve((_request, response) => {
      response.on('close', () => onGone?.());
      if (tells) response.setHeader('content-length', 500 * mebibyte.length);
      const go = () => {
        while (sent < 500 && !response.destroyed) {
          sent += 1;
          if (response.write(mebibyte)) continue;
          response.once('drain', go);
          return;
        }
      };
      go();
    });
    const asked = { url: `http://127.0.0.1:${port}/`, maxBodyBytes: 65_536 };
    const answer = transport().get(asked, new AbortController().signal);
    await expect(answer).rejects.toThrow(/longer than the 65536 bytes/);
    await gone;
    expect(sent).toBeLessThan(50);
  });

  it('return a body that is as long as its request allows', async () => {
    const { port } = await serve((_request, response) => response.end('x'.repeat(1_000)));
    const { get } = transport();
    const asked = (maxBodyBytes: number) =>
      get({ url: `http://127.0.0.1:${port}/`, maxBodyBytes }, new AbortController().signal);
    expect((await asked(1_000)).body).toHaveLength(1_000);
    await expect(asked(999)).rejects.toThrow('it says 1000');
  });

  it('return the beginning of an error page, however long it is, with what its head says', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': '7' });
      response.end('<p>'.repeat(1024 * 1024));
    });
    const asked = { url: `http://127.0.0.1:${port}/`, maxBodyBytes: 100 };
    const answer = await transport().get(asked, new AbortController().signal);
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(answer.body).toHaveLength(64 * 1024);
  });

  it('reject when aborted and when nobody is there', async () => {
    const { server, port } = await serve(() => undefined);
    const url = `http://127.0.0.1:${port}/`;
    const { get } = transport();
    const abort = new AbortController();
    const hanging = get({ url }, abort.signal);
    server.once('request', () => abort.abort(new Error('too long')));
    await expect(hanging).rejects.toThrow('too long');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(get({ url }, new AbortController().signal)).rejects.toThrow('ECONNREFUSED');
  });
});
