import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@livermore/utils';
import { z } from 'zod';
import { ChildEndedError } from './exit-codes';
import { withoutSecrets } from './secrets';

/** What a program says on stdout: an event and its fields. */
export type ChildEvent = Readonly<Record<string, unknown>>;

/** A program of ours that runs beside us and ends with us. */
export interface Child {
  /** The first event it said of this name; rejects when it ends before. */
  said(event: string): Promise<ChildEvent>;
  /** Resolves with what ended it. */
  readonly ended: Promise<ChildEndedError>;
  /** Asks it to end, and makes it end when it does not. */
  stop(): Promise<void>;
}

const EventSchema = z.looseObject({ event: z.string() });
const STOP_PATIENCE_MS = 15_000;
/** What a program said last on stderr, for the sentence when it ends badly. */
const LAST_WORDS_KEPT = 5;

/**
 * Starts this command line once more with other arguments. What is secret goes through `env`: arguments can be seen by
 * everyone on the machine. The child holds a channel to us and stops when it closes,
 * so it cannot outlive us, however we end.
 */
export function startChild(args: readonly string[], env: NodeJS.ProcessEnv): Child {
  const self = fileURLToPath(import.meta.url);
  // A group of its own: Ctrl-C reaches us, and we stop our children in order.
  const child = spawn(process.execPath, [self, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    env,
  });
  const lastWords: string[] = [];
  const waiting = new Map<string, ((event: ChildEvent) => void)[]>();
  const heard = new Map<string, ChildEvent>();
  readLines(child.stderr, (line) => {
    lastWords.push(line);
    if (lastWords.length > LAST_WORDS_KEPT) lastWords.shift();
  });
  readLines(child.stdout, (line) => {
    const event = eventOf(line);
    if (event === undefined) return;
    heard.set(event.event, event);
    for (const resolve of waiting.get(event.event)?.splice(0) ?? []) resolve(event);
  });
  const ended = new Promise<ChildEndedError>((resolve) => {
    // Not `exit`: what it said last may still be on its way then.
    child.once('close', (code, signal) => resolve(ending(args[0] ?? '', { code, signal, lastWords })));
    child.once('error', (error) => resolve(new ChildEndedError(error.message, null)));
  });
  return {
    ended,
    said: (event) =>
      new Promise((resolve, reject) => {
        const before = heard.get(event);
        if (before !== undefined) return resolve(before);
        waiting.set(event, [...(waiting.get(event) ?? []), resolve]);
        void ended.then(reject);
      }),
    stop: () => stopped(child, ended),
  };
}

function readLines(stream: NodeJS.ReadableStream | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', take);
}

function eventOf(line: string): z.infer<typeof EventSchema> | undefined {
  try {
    return EventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function ending(
  name: string,
  how: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly lastWords: readonly string[];
  },
): ChildEndedError {
  // What it said before somebody killed it is not why it ended.
  const words =
    how.signal !== null || how.lastWords.length === 0 ? '' : `: ${withoutSecrets(how.lastWords.join(' '))}`;
  return new ChildEndedError(
    `livermore ${name} ended (${how.code ?? how.signal ?? 'unknown'})${words}`,
    how.code,
  );
}

async function stopped(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const patience = systemClock.sleep(STOP_PATIENCE_MS).then(() => 'late');
  if ((await Promise.race([ended, patience])) === 'late') child.kill('SIGKILL');
  await ended;
}
