import { seededRandom } from '@livermore/utils';

/** A closing 1m kline frame and what it closes. */
export interface CloseFrame {
  readonly symbol: string;
  readonly openTime: number;
  readonly text: string;
}

const MINUTE_MS = 60_000;

/**
 * Closing 1m frames as the venue words them, minute by minute, every symbol in each; the last minute ends at `until`.
 * Bare, as a
 * connection to `/ws` gets them; each event comes `lateMs` after the end of its bar.
 */
export function closeFrames(
  symbols: readonly string[],
  span: { readonly minutes: number; readonly until: number; readonly lateMs: number },
): readonly CloseFrame[] {
  const { minutes, until, lateMs } = span;
  const random = seededRandom(11);
  const first = Math.floor(until / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS;
  return Array.from({ length: minutes }, (_, minute) =>
    symbols.map((symbol) =>
      closeFrame({ symbol, openTime: first + minute * MINUTE_MS, lateMs }, () => random.next()),
    ),
  ).flat();
}

function closeFrame(
  { symbol, openTime, lateMs }: { symbol: string; openTime: number; lateMs: number },
  chance: () => number,
): CloseFrame {
  const [open, close] = [chance(), chance()];
  const trades = Math.floor(chance() * 400) + 1;
  const closeTime = openTime + MINUTE_MS - 1;
  const kline =
    `{"t":${openTime},"T":${closeTime},"s":"${symbol}","i":"1m","f":5203000001,"L":${5203000000 + trades},` +
    `"o":"${price(open)}","c":"${price(close)}","h":"${price(Math.max(open, close) + 0.01)}",` +
    `"l":"${price(Math.min(open, close) - 0.01)}","v":"${(chance() * 10).toFixed(8)}","n":${trades},"x":true,` +
    `"q":"${(chance() * 900_000).toFixed(8)}","V":"${(chance() * 5).toFixed(8)}","Q":"${(chance() * 450_000).toFixed(8)}","B":"0"}`;
  const text = `{"e":"kline","E":${closeTime + lateMs},"s":"${symbol}","k":${kline}}`;
  return { symbol, openTime, text };
}

function price(at: number): string {
  return (91_000 + at * 1000).toFixed(8);
}
