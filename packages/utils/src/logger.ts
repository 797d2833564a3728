import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';

/**
 * Structured logging: every line has an `event` in snake_case and fields, never a built-up string.
 * Lines go to stderr, or to a file; stdout belongs to the command that runs.
 */
export interface Logger {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

export type LogFields = { readonly event: string } & Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Path of a log file; stderr when absent. The folder is made when needed. */
  readonly file?: string;
  readonly name?: string;
}

/** What is kept of lines that cannot be written (a full disk); what is beyond it is dropped. */
const MAX_PENDING_CHARACTERS = 256 * 1024;

/**
 * Makes a logger. Writes are synchronous, so that nothing is lost when a process ends. A destination that fails
 * later (a full disk, a closed terminal) loses lines; it never stops the process, and is used again once it works.
 * @throws the system's error when the file cannot be opened
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const shared = { sync: true, maxLength: MAX_PENDING_CHARACTERS };
  const destination =
    options.file === undefined
      ? pino.destination({ ...shared, fd: 2 })
      : pino.destination({ ...shared, dest: options.file, mkdir: true });
  // pino's own listener lets go of the stream on the first error; this one stays.
  destination.on('error', () => undefined);
  const base = options.name === undefined ? {} : { name: options.name };
  return wrap(
    pino({ level: options.level ?? 'info', base, timestamp: pino.stdTimeFunctions.isoTime }, destination),
  );
}

function wrap(target: PinoLogger): Logger {
  return {
    debug: (fields) => target.debug(fields),
    info: (fields) => target.info(fields),
    warn: (fields) => target.warn(fields),
    error: (fields) => target.error(fields),
    child: (fields) => wrap(target.child(fields)),
  };
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

/** The default logger of this process, for code that was handed none. */
export const logger: Logger = createLogger({ level: 'info' });
