import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The bundle this runs in: a worker is the same program, started with the worker's name. */
const PROGRAM = fileURLToPath(import.meta.url);

/** A job in a process of its own: one command in, one answer out, in order. */
export interface Worker {
  /** @throws Error with what the worker threw */
  ask<T>(command: string, input?: unknown): Promise<T>;
  stop(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Asked {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function startWorker(name: string): Worker {
  const child = fork(PROGRAM, ['worker', name], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, Asked>();
  let nextId = 1;
  child.on('message', (reply: Reply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) asked?.resolve(reply.value);
    else asked?.reject(new Error(`${name}: ${reply.error}`));
  });
  child.on('exit', (code) => {
    for (const asked of waiting.values()) asked.reject(new Error(`${name} ended with ${code}`));
  });
  return {
    ask: <T>(command: string, input?: unknown) =>
      new Promise<T>((resolve, reject) => {
        const id = nextId++;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of the wire are this program
        waiting.set(id, { resolve: (value) => resolve(value as T), reject });
        child.send({ id, command, input });
      }),
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

export type Commands = Readonly<Record<string, (input: never) => unknown>>;

/** The worker's side: answers commands until its parent is gone. */
export function serveCommands(commands: Commands): void {
  process.on('message', (message: { id: number; command: string; input: never }) => {
    void answer(message.id, commands[message.command], message.input);
  });
  process.on('disconnect', () => process.exit(0));
}

async function answer(id: number, command: Commands[string] | undefined, input: never): Promise<void> {
  try {
    if (command === undefined) throw new Error('no such command');
    process.send?.({ id, value: await command(input) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
