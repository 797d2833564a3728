import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withFolderLock } from './folder-lock.mjs';

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'livermore-lock-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('work under a lock', () => {
  it('gives what the work gives and leaves nothing behind, also when the work fails', async () => {
    const path = folder();
    expect(await withFolderLock(path, 'install', () => 'done')).toBe('done');
    const failure = withFolderLock(path, 'install', () => Promise.reject(new Error('disk full')));
    await expect(failure).rejects.toThrow('disk full');
    expect(readdirSync(path)).toEqual([]);
  });

  it('waits its turn and says so', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => said.mockRestore());
    const path = folder();
    const order = [];
    const first = withFolderLock(path, 'build', async () => {
      await vi.waitUntil(() => said.mock.calls.length > 0);
      order.push('first');
    });
    const second = withFolderLock(path, 'build', () => order.push('second'));
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(said.mock.calls.flat()).toEqual([
      expect.stringMatching(/Another build is under way here \(process \d+\)/),
    ]);
  });

  it('takes over from a process that died', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => said.mockRestore());
    const path = folder();
    writeFileSync(join(path, 'install.lock'), String(2 ** 22 - 3));
    expect(await withFolderLock(path, 'install', () => 'done')).toBe('done');
  });
});
