import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@livermore/utils';
import { z } from 'zod';

/** A program of ours that runs beside us and ends with us. */
export interface Child {
  /** The first event it said of this name; rejects when it ends before. */
  said(event: string): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves with what ended it. */
  readonly ended: Promise<string>;
  /** Asks it to end, and makes it end when it does not. */
  stop(): Promise<void>;
}

const EventSchema = z.looseObject({ event: z.string() });
const STOP_PATIENCE_MS = 15_000;
/** What a program said last on stderr, for the sentence when it ends badly. */
const LAST_WORDS_KEPT = 5;

/**
 * Starts this command line once more with other arguments. The child holds a channel to us and stops when it closes,
 * so it cannot outlive us, however we end.
 */
export function startChild(args: readonly string[]): Child {
  const self = fileURLToPath(import.meta.url);
  // A group of its own: Ctrl-C reaches us, and we stop our children in order.
  const child = spawn(process.execPath, [self, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const lastWords: string[] = [];
  const waiting = new Map<string, ((event: Readonly<Record<string, unknown>>) => void)[]>();
  const heard = new Map<string, Readonly<Record<string, unknown>>>();
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
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(ending(args[0] ?? '', code ?? signal, lastWords)));
    child.once('error', (error) => resolve(error.message));
  });
  return {
    ended,
    said: (event) =>
      new Promise((resolve, reject) => {
        const before = heard.get(event);
        if (before !== undefined) return resolve(before);
        waiting.set(event, [...(waiting.get(event) ?? []), resolve]);
        void ended.then((how) => reject(new Error(how)));
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

function ending(name: string, how: number | string | null, lastWords: readonly string[]): string {
  const words = lastWords.length === 0 ? '' : `: ${lastWords.join(' ')}`;
  return `livermore ${name} ended (${how ?? 'unknown'})${words}`;
}

async function stopped(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const patience = systemClock.sleep(STOP_PATIENCE_MS).then(() => 'late');
  if ((await Promise.race([ended, patience])) === 'late') child.kill('SIGKILL');
  await ended;
}
