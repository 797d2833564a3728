import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { choosePort } from './port';

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

describe('the loopback port', () => {
  it('is the remembered one while it is free', async () => {
    const free = await choosePort('any', null);
    expect(await choosePort('remembered', free)).toBe(free);
  });

  it('is another when somebody took the remembered one', async () => {
    const taken = await takenPort();
    const port = await choosePort('remembered', taken);
    expect(port).not.toBe(taken);
    expect(port).toBeGreaterThan(0);
  });

  it('is none, or the one demanded, as wished', async () => {
    expect(await choosePort('none', 7000)).toBe(0);
    expect(await choosePort(7001, 7000)).toBe(7001);
  });
});
