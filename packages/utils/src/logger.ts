import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { escapeHidden } from './hidden-characters';
import { LogFile, MAX_PENDING_CHARACTERS } from './log-file';

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
  /** Path of a log file, bounded in size; stderr when absent. The folder is made when needed. */
  readonly file?: string;
  readonly name?: string;
}

/**
 * Makes a logger. Writes are synchronous, so that nothing is lost when a process ends. A destination that fails
 * later (a full disk, a closed terminal) loses lines; it never stops the process, and is used again once it works.
 * A file is bounded: see `LogFile`.
 * @throws the system's error when the file cannot be opened
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const destination = options.file === undefined ? stderr() : new LogFile(options.file);
  // A log is read in a terminal, and tells what others said.
  const shown = { write: (line: string) => destination.write(escapeHidden(line.slice(0, -1)) + '\n') };
  return wrap(pino(settings, shown), options.name === undefined ? {} : { name: options.name });
}

function stderr(): DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: MAX_PENDING_CHARACTERS });
  // pino's own listener lets go of the stream on the first error; this one stays.
  destination.on('error', () => undefined);
  return destination;
}

type Fields = Readonly<Record<string, unknown>>;

/** Written by pino at the head of each line. */
const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'time']);

/**
 * pino writes what is bound and what is said one after the other, a key of both twice; so all of a line is put together
 * here, and what is said last counts.
 */
function wrap(target: PinoLogger, bound: Fields): Logger {
  const line = (fields: Fields) => together(bound, fields);
  return {
    debug: (fields) => target.debug(line(fields)),
    info: (fields) => target.info(line(fields)),
    warn: (fields) => target.warn(line(fields)),
    error: (fields) => target.error(line(fields)),
    child: (fields) => wrap(target, line(fields)),
  };
}

function together(bound: Fields, fields: Fields): Fields {
  const all: Record<string, unknown> = { ...bound };
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) all[OWN_KEYS.has(key) ? `${key}_` : key] = value;
  }
  return all;
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
