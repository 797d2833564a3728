import { execFile, type ExecFileException } from 'node:child_process';
import type { Env } from '../env';

export interface ToolResult {
  /** 0 when it went well. A program that could not be started or was cut off is -1. */
  readonly code: number;
  readonly stdout: string;
  /** Both streams, for an error message. */
  readonly output: string;
}

export interface ToolOptions {
  readonly env: Env;
  readonly timeoutMs: number;
  readonly cwd?: string;
}

const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Runs a program to its end, within a time limit; failure is a result, not an exception. */
export function runTool(command: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  return new Promise((resolve) => {
    const settings = { env: { ...options.env }, timeout: options.timeoutMs, maxBuffer: MAX_OUTPUT_BYTES };
    const cwd = options.cwd === undefined ? {} : { cwd: options.cwd };
    const child = execFile(command, [...args], { ...settings, ...cwd }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, output: `${stdout}${stderr}${reasonOf(error, options.timeoutMs)}` });
    });
    child.stdin?.end();
  });
}

/** What the output does not say itself: it took too long, or could not be started. */
function reasonOf(error: ExecFileException | null, timeoutMs: number): string {
  if (error === null || typeof error.code === 'number') return '';
  return error.killed === true ? `gave up after ${timeoutMs / 1000} s` : error.message;
}

/** The last lines of an output in one line, for the end of a sentence. */
export function lastWords(output: string, lines = 3): string {
  const kept = output.split('\n').filter((line) => line.trim() !== '');
  return kept.slice(-lines).join(' | ').slice(0, 400);
}
