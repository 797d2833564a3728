import { spawn } from 'node:child_process';

/**
 * Ends a process when we end, however we end: a small shell waits on a pipe from us, which the system closes when
 * we are gone, then asks that process to stop and, ten seconds later, makes it.
 */
export interface Watchdog {
  /** Call when the process it watches has ended. */
  dismiss(): void;
}

/** Run by `sh -c` with the number of the process as `$1`. */
export const WATCHDOG_SCRIPT = `
read -r _
kill -TERM "$1" 2>/dev/null || exit 0
i=0
while [ "$i" -lt 100 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; i=$((i+1)); done
kill -KILL "$1" 2>/dev/null
`;

export function watch(pid: number): Watchdog {
  const args = ['-c', WATCHDOG_SCRIPT, 'livermore-watchdog', String(pid)];
  const shell = spawn('/bin/sh', args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: {},
  });
  // Without it a crash of ours leaves the server to the next start, which stops it.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return { dismiss: () => void shell.kill('SIGKILL') };
}
