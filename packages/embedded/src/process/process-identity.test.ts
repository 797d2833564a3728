import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identityOf, isRunning } from './process-identity';

describe('a process', () => {
  it('runs, as long as it does', async () => {
    const child = spawn('sleep', ['100'], { stdio: 'ignore' });
    const identity = identityOf(child.pid ?? 0);
    expect(isRunning(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
  });

  it('is not taken for a later one with its number', () => {
    const me = identityOf(process.pid);
    expect(me.startedAt).not.toBeNull();
    expect(isRunning(me)).toBe(true);
    expect(isRunning({ ...me, startedAt: 'another boot:1' })).toBe(false);
  });
});
