import { isMainThread } from 'node:worker_threads';
import { messageOf } from '@livermore/utils';
import { EXIT_CODES, exitCodeOf } from './exit-codes';
import { createProgram } from './program';
import { withoutSecrets } from './secrets';

/** The `livermore` command. */
async function main(): Promise<void> {
  try {
    await createProgram().parseAsync(process.argv);
  } catch (error) {
    process.stderr.write(`${withoutSecrets(messageOf(error))}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

if (isMainThread) {
  await main();
  // Whatever a library still holds open must not keep a finished command alive.
  process.exit(process.exitCode ?? EXIT_CODES.ok);
}
