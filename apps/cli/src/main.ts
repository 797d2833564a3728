import { isMainThread } from 'node:worker_threads';
import { messageOf } from '@livermore/utils';
import { EXIT_CODES, exitCodeOf } from './exit-codes';
import { flushed } from './output/flushed';
import { note } from './output/print';
import { createProgram } from './program';
import { withoutSecrets } from './secrets';

/** The `livermore` command. */
async function main(): Promise<void> {
  try {
    await createProgram().parseAsync(process.argv);
  } catch (error) {
    note(withoutSecrets(messageOf(error)));
    process.exitCode = exitCodeOf(error);
  }
}

/** Whoever read our output (`head`, a closed terminal) has had enough: that is no error. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT_CODES.ok);
  throw error;
}

if (isMainThread) {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithReader);
  await main();
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Whatever a library still holds open must not keep a finished command alive.
  process.exit(process.exitCode ?? EXIT_CODES.ok);
}
