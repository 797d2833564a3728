/**
 * Says each candle as it closes, with nothing of Livermore's: only the documented channel (docs/redis-layout.md).
 *
 *   REDIS_URL=$(npx livermore redis-url) node examples/listen-closes.mjs [EXCHANGE_ID] [SYMBOL] [TIMEFRAME]
 *
 * The address holds a password, so it comes by REDIS_URL: arguments can be seen by everyone on the machine. One without a
 * password may also be the first argument.
 *
 * A close is announced after it was written. An announcement says *look*: what nobody hears is not kept, and a close may
 * be announced again when it was corrected. So a program that must not miss one reads the series after each (re)connect,
 * as read-candles.mjs does, and takes a second announcement of the same bar for a correction. Its `label` says which it is:
 * live, late (behind a later one), correction, or retracted (there is no such bar after all).
 */
import { Redis } from 'ioredis';

const args = process.argv.slice(2);
const url = (args[0]?.includes('://') ? args.shift() : process.env.REDIS_URL) ?? 'redis://127.0.0.1:6390';
const [exchange = '90', symbol = '*', timeframe = '*'] = args;
const redis = new Redis(url);

redis.on('error', (error) => console.error(`Redis: ${error.message}`));
redis.on('pmessage', (_pattern, _channel, text) => {
  const {
    timestamp,
    symbol: name,
    timeframe: frame,
    open,
    high,
    low,
    close,
    volume,
    source,
    label,
  } = JSON.parse(text);
  const opened = `${new Date(timestamp).toISOString().slice(0, 19)}Z`;
  const said = [opened, name, frame, open, high, low, close, volume, source, label];
  console.log(said.filter((each) => each !== undefined).join('  '));
});

await redis.psubscribe(`channel:exchange:${exchange}:candle:close:${symbol}:${timeframe}`);
console.error('Listening. Ctrl-C stops.');

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => redis.disconnect());
