/**
 * Resolves when the user (Ctrl-C), the system (SIGTERM), the terminal (SIGHUP), or the program that started us (its
 * end closes our channel to it) asks us to stop. A second Ctrl-C ends the process at once.
 */
export function untilInterrupted(): Promise<string> {
  return new Promise((resolve) => {
    let isAsked = false;
    const ask = (signal: string) => {
      if (isAsked && signal === 'SIGINT') process.exit(130);
      isAsked = true;
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
    if (process.channel !== undefined) process.on('disconnect', () => ask('disconnect'));
  });
}
