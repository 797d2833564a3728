import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WATCHDOG_SCRIPT } from './watchdog';

describe('the watchdog', () => {
  it('ends what it watches when its pipe closes, as it does when we die', async () => {
    const watched = spawn('sleep', ['100'], { stdio: 'ignore' });
    const args = ['-c', WATCHDOG_SCRIPT, 'watchdog', String(watched.pid)];
    const dog = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    expect(watched.exitCode).toBeNull();
    dog.stdin.end();
    await once(watched, 'exit');
    expect(watched.signalCode).toBe('SIGTERM');
  });
});
