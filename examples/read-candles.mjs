/**
 * Reads the newest candles of a series from Redis, with nothing of Livermore's: only the documented keys and bytes
 * (docs/redis-layout.md).
 *
 *   REDIS_URL=$(npx livermore redis-url) node examples/read-candles.mjs [EXCHANGE_ID] [SYMBOL] [TIMEFRAME] [COUNT]
 *
 * The address holds a password, so it comes by REDIS_URL: arguments can be seen by everyone on the machine. One without a
 * password may also be the first argument.
 *
 * Ids of exchanges: 1 coinbase, 2 binance, 3 binance_us, 90 sandbox.
 */
import { Redis } from 'ioredis';

const LENGTH_MS = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
};
const SOURCES = ['-', 'stream', 'rest', 'derived', 'no-trades', 'snapshot', 'stand-in'];
const STANDINGS = [undefined, 'unwitnessed', 'once', 'settled', 'final'];

/** A candle of layout 2 (81 bytes), of layout 1 (its first 53), or as JSON; numbers are big-endian. */
function decode(member, lengthMs) {
  if (member[0] === 0x7b) return fromJson(JSON.parse(member.toString()), lengthMs);
  const length = { 1: 53, 2: 81 }[member[0]];
  if (member.length !== length) throw new Error('not a candle of layout 1 or 2');
  const openTime = member.readUInt32BE(9) * 60_000;
  // 56 bits, all ones when not said.
  const asOf = member[2] === 0xff ? undefined : member.readUIntBE(2, 3) * 2 ** 32 + member.readUInt32BE(5);
  const [open, high, low, close, volume] = [13, 21, 29, 37, 45].map((at) => member.readDoubleBE(at));
  const standing = STANDINGS[(member[1] >> 4) & 7];
  const state = stateOf({ openTime, asOf, standing }, lengthMs);
  return { openTime, open, high, low, close, volume, state, source: SOURCES[member[1] & 15] };
}

function fromJson(candle, lengthMs) {
  const { timestamp: openTime, sequenceNum: asOf, source = '-' } = candle;
  return { ...candle, openTime, source, state: stateOf({ openTime, asOf }, lengthMs) };
}

/** One rule says whether a bar is closed; its standing, how sure that is. */
function stateOf({ openTime, asOf, standing }, lengthMs) {
  const isClosed = asOf !== undefined && asOf >= (openTime + lengthMs) * 1000;
  if (!isClosed) return 'forming';
  return standing === 'settled' || standing === 'final' ? standing : 'provisional';
}

const args = process.argv.slice(2);
const url = (args[0]?.includes('://') ? args.shift() : process.env.REDIS_URL) ?? 'redis://127.0.0.1:6390';
const [exchange = '90', symbol = 'BTCUSDT', timeframe = '1m', count = '5'] = args;
const lengthMs = LENGTH_MS[timeframe];
if (lengthMs === undefined) {
  console.error(`There is no timeframe "${timeframe}": use one of ${Object.keys(LENGTH_MS).join(', ')}.`);
  process.exit(2);
}

const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
let trouble = 'it closed the connection';
redis.on('error', (error) => {
  trouble = error.message;
});

try {
  await redis.connect().catch(() => {
    // Without user and password.
    throw new Error(`No Redis at ${url.replace(/\/\/.*@/, '//')}: ${trouble}`);
  });
  const key = `candles:${exchange}:${symbol}:${timeframe}`;
  // Buffers: the members are bytes, not text.
  const members = await redis.zrangeBuffer(key, -Number(count), -1);
  for (const member of members) {
    try {
      const { openTime, open, high, low, close, volume, state, source } = decode(member, lengthMs);
      const opened = `${new Date(openTime).toISOString().slice(0, 19)}Z`;
      console.log([opened, open, high, low, close, volume, state, source].join('  '));
    } catch (error) {
      // Somebody else's member: it costs itself, not the candles beside it.
      console.error(`left out: ${error.message}`);
    }
  }
  if (members.length === 0) console.error(`${key} is empty: is that exchange running, and the symbol on it?`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  redis.disconnect();
}
