import { createRedis } from '@livermore/cache';
import { must } from '@livermore/utils';
import { closeFrames } from '../lib/kline-frames';
import { wallMs } from '../lib/measure';
import { commandsOf, sendBare } from '../lib/recorded-commands';
import type { FrameCommands } from '../lib/recorded-commands';
import { VIRTUAL_START, symbolNames } from '../lib/universe';
import type { Commands } from '../lib/worker';

export interface BareOrder {
  readonly redisUrl: string;
  readonly symbols: number;
  readonly minutes: number;
}

/** Holds the commands of many frames ready and sends them: a process of its own, as the node is. */
export function bareClient(): Commands {
  let redis: ReturnType<typeof createRedis> | undefined;
  let commands: readonly FrameCommands[] = [];
  return {
    async prepare({ redisUrl, symbols, minutes }: BareOrder): Promise<number> {
      redis ??= createRedis(redisUrl);
      const span = { minutes, until: VIRTUAL_START, lateMs: 13 };
      commands = await commandsOf(closeFrames(symbolNames(symbols), span));
      return commands.length;
    },
    /** Milliseconds it took. */
    send: () => wallMs(() => sendBare(must(redis, 'prepared'), commands)),
  };
}
