import type { StartedRedis } from '@livermore/embedded';
import type { CliConfig } from '../config';
import { duration } from '../output/format';
import { json, styled } from '../output/print';
import type { Screen } from '../output/screen';

export interface UpOptions {
  readonly exchange: string;
  readonly dataDir?: string;
  readonly redis?: string;
  readonly symbols?: readonly string[];
  readonly restUrl?: string;
  readonly wsUrl?: string;
  readonly metricsPort: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** What the parts of a running `up` share. */
export interface Stage {
  readonly redis: StartedRedis;
  readonly logFile: string;
  readonly config: CliConfig;
  /** Aborted when it is to stop: nothing is started after that. */
  readonly signal: AbortSignal;
  /** Says something to a person; nothing when a program listens. */
  readonly say: (text: string) => void;
  readonly screen: Screen;
  /** What stops the parts made so far: run in reverse order. */
  readonly undo: (() => unknown)[];
}

/** Tells that a program of ours ended by itself and will be started again. */
export function sayEnded(
  { say }: Pick<Stage, 'say'>,
  options: Pick<UpOptions, 'json'>,
  ended: { readonly what: string; readonly sentence: string; readonly delayMs: number },
): void {
  if (options.json === true) json({ event: `${ended.what}_ended`, ...ended });
  else say(`${styled('red', '✖')} ${ended.sentence}. Starting it again in ${duration(ended.delayMs)}.`);
}
