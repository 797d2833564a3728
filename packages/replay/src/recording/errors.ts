import { AppError } from '@livermore/utils';
import type { Recovery } from '@livermore/utils';

/** A recording that cannot be read, or not be replayed as asked; the message says what is wrong or what it holds. */
export class NotReplayableError extends AppError {
  readonly code = 'NOT_REPLAYABLE';
  readonly recovery: Recovery = 'stop';
}
