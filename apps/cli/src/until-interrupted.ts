import { constants } from 'node:os';
import { systemClock } from '@livermore/utils';
import { EXIT_CODES, InterruptedError } from './exit-codes';

/** Who asks us to stop: the user (Ctrl-C), the system, the terminal, or the program that started us. */
export type Interruption = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'disconnect';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves when the user (Ctrl-C), the system (SIGTERM), the terminal (SIGHUP), or the program that started us (its
 * end closes our channel to it) asks us to stop. A second Ctrl-C ends the process at once.
 */
export function untilInterrupted(): Promise<Interruption> {
  return new Promise((resolve) => {
    let isAsked = false;
    const ask = (by: Interruption) => {
      if (isAsked && by === 'SIGINT') process.exit(EXIT_CODES.interrupted);
      isAsked = true;
      resolve(by);
    };
    for (const signal of SIGNALS) process.on(signal, () => ask(signal));
    if (process.channel !== undefined) process.on('disconnect', () => ask('disconnect'));
  });
}

/** What an interruption before the end comes to: the exit code is the shell's, 128 and the number of the signal. */
export function interruptedBy(by: Interruption, what: string): InterruptedError {
  const code = by === 'disconnect' ? EXIT_CODES.terminated : 128 + constants.signals[by];
  return new InterruptedError(`Interrupted (${by}) ${what}.`, code);
}

/** What is under way when we are asked to stop may take this long to put itself away, ms. */
const PATIENCE_MS = 5_000;

/**
 * Does something unless we are asked to stop before it is done; its signal is aborted then.
 * @throws InterruptedError once it has ended, or after five seconds; else whatever the work throws
 */
export async function unlessInterrupted<T>(
  interrupted: Promise<Interruption>,
  work: (signal: AbortSignal) => Promise<T>,
  what = 'before it was done',
): Promise<T> {
  const stopping = new AbortController();
  const working = work(stopping.signal);
  const asked = interrupted.then(async (by): Promise<never> => {
    stopping.abort(new Error('interrupted'));
    const patience = new AbortController();
    const late = systemClock.sleep(PATIENCE_MS, patience.signal).catch(() => undefined);
    await Promise.race([working.catch(() => undefined), late]);
    patience.abort(new Error('ended'));
    throw interruptedBy(by, what);
  });
  // Whichever comes second is not waited for.
  asked.catch(() => undefined);
  const settled = working.catch((error: unknown) => {
    // What it says of its being stopped is not what happened.
    if (stopping.signal.aborted) return asked;
    throw error;
  });
  return Promise.race([settled, asked]);
}
