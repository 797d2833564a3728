import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NEEDED_FILE_HANDLES, checkFileHandles, fileHandleLimit } from './check-file-handles.mjs';
import { inRoot } from './root.mjs';

const under = (limit, command) =>
  spawnSync('/bin/sh', ['-c', `ulimit -n ${limit}; ${command}`], { encoding: 'utf8' });

describe('the number of files a process may open', () => {
  it.runIf(process.platform === 'linux')('is read as the shell knows it', () => {
    const hard = execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
    expect(fileHandleLimit()).toBe(hard === 'unlimited' ? undefined : Number(hard));
  });

  it('is said when it is too small, with what to do', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => said.mockRestore());
    for (const enough of [undefined, NEEDED_FILE_HANDLES, 1_048_576]) {
      expect(checkFileHandles(enough)).toBe(true);
    }
    expect(said).not.toHaveBeenCalled();
    expect(checkFileHandles(64)).toBe(false);
    expect(said.mock.calls.flat()).toEqual([
      expect.stringMatching(
        /needs 256 open files or more; 64 are allowed here\. Raise the limit \(`ulimit -n/,
      ),
    ]);
  });

  it.runIf(process.platform === 'linux')('stops the command line before it fails on its own modules', () => {
    const { status, stderr, stdout } = under(
      64,
      `exec node '${inRoot('apps/cli/bin/livermore.mjs')}' --version`,
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^Livermore needs 256 open files or more; 64 are allowed here.*\n$/);
  });
});
