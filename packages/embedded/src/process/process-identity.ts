import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, named so that a later process with the same number is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own words (`/proc`, else `ps`); null where neither tells (Windows). */
  readonly startedAt: string | null;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: startOf(pid) };
}

/** Whether the process this identity was taken from still runs (a zombie does not). */
export function isRunning(identity: ProcessIdentity): boolean {
  if (!answersToSignals(identity.pid)) return false;
  if (statOf(identity.pid)?.state === 'Z') return false;
  return identity.startedAt === null || startOf(identity.pid) === identity.startedAt;
}

function answersToSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function startOf(pid: number): string | null {
  const stat = statOf(pid);
  return stat === null ? startAccordingToPs(pid) : `${bootId()}:${stat.startTicks}`;
}

function startAccordingToPs(pid: number): string | null {
  if (process.platform === 'win32') return null;
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return started.trim() || null;
  } catch {
    return null;
  }
}

/**
 * State and start time of a process. The command in `/proc/<pid>/stat` may hold spaces and brackets, so fields
 * are counted from the last bracket: state is field 3, the start in ticks since boot field 22.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function statOf(pid: number): { readonly state: string; readonly startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    return state === undefined || startTicks === undefined ? null : { state, startTicks };
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
