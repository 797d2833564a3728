/**
 * Hears every close of an exchange, also those that happened while it was not running: it begins with the history of a
 * series, follows the log of closes, and keeps the id of what it has dealt with in a file. Only the documented keys and
 * bytes (docs/redis-layout.md), nothing of Livermore's.
 *
 *   node examples/follow-closes.mjs [REDIS_URL] [EXCHANGE_ID] [SYMBOL] [TIMEFRAME] [STATE_FILE]
 *   node examples/follow-closes.mjs redis://127.0.0.1:6390 90 BTCUSDT 1m /tmp/closes.id
 *
 * At least once: whoever is killed between dealing with a close and keeping its id hears it again. So what a close sets off
 * is keyed by series, open time and label, as here by what is printed.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Redis } from 'ioredis';

const [url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6390', exchange = '90', symbol = 'BTCUSDT'] =
  process.argv.slice(2);
const [timeframe = '1m', stateFile = 'closes.id'] = process.argv.slice(5);
const MINUTES = { '1m': 1, '5m': 5, '15m': 15, '1h': 60, '4h': 240, '1d': 1440 };

/** A candle of 81 bytes; older layouts are in read-candles.mjs. Numbers are big-endian. */
function decode(member) {
  if (member[0] !== 2 || member.length !== 81) throw new Error('not a candle of layout 2');
  const [open, high, low, close, volume] = [13, 21, 29, 37, 45].map((at) => member.readDoubleBE(at));
  // As-of: the exchange time, in µs, at which this was true. All ones when not said.
  const asOf = member[2] === 0xff ? 0 : member.readUIntBE(2, 3) * 2 ** 32 + member.readUInt32BE(5);
  return { openTime: member.readUInt32BE(9) * 60_000, asOf, open, high, low, close, volume };
}

/** The closed candles of a series, oldest first. */
async function history(redis, series) {
  const [name, frame] = series.split(' ');
  const members = await redis.zrangeBuffer(`candles:${exchange}:${name}:${frame}`, 0, -1);
  const length = MINUTES[frame] * 60_000;
  return members.map(decode).filter(({ openTime, asOf }) => asOf >= (openTime + length) * 1000);
}

/**
 * What is announced after an id, for ever: `{ id, label, series, candle }`, of a refill `{ id, label, series, from, to }`.
 * The label `reset` comes where the log no longer reaches back to the id: read the history anew.
 */
async function* closes(redis, after) {
  const log = `exchange:${exchange}:closes`;
  for (;;) {
    // With the entry of the id itself: a log that does not have it any more is another one, or begins later.
    const found = await redis.xrangeBuffer(log, after, '+', 'COUNT', 500);
    // Asked for after the page: what is the first now was there when the page was read.
    const first = await redis.xrange(log, '-', '+', 'COUNT', 1);
    const isThere = String(found[0]?.[0]) === after && first.length > 0 && !isBefore(after, first[0][0]);
    if (after !== '0-0' && !isThere) {
      after = '0-0';
      yield { id: after, label: 'reset' };
      continue;
    }
    if (isThere) found.shift();
    for (const [id, fields] of found) {
      const said = {};
      for (let at = 0; at < fields.length; at += 2) said[String(fields[at])] = fields[at + 1];
      const { series, label, candle, from, to } = said;
      const bars = candle === undefined ? { from: Number(from), to: Number(to) } : { candle: decode(candle) };
      after = String(id);
      yield { id: after, label: String(label), series: String(series), ...bars };
    }
    if (found.length === 0) await redis.xread('BLOCK', 2000, 'STREAMS', log, after);
  }
}

/** Ids are `ms-count`. */
function isBefore(a, b) {
  const [[aMs, aAt], [bMs, bAt]] = [a.split('-').map(Number), b.split('-').map(Number)];
  return aMs < bMs || (aMs === bMs && aAt < bAt);
}

function idInFile() {
  try {
    return readFileSync(stateFile, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function keepId(id) {
  writeFileSync(`${stateFile}.new`, id);
  renameSync(`${stateFile}.new`, stateFile);
}

const time = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const redis = new Redis(url, { maxRetriesPerRequest: null });
redis.on('error', (error) => console.error(`Redis: ${error.message}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));

const wanted = `${symbol} ${timeframe}`;
let after = idInFile();
if (after === undefined) {
  // The id first, then the history: what closes between the two is heard, and perhaps known already.
  const [newest] = await redis.xrevrange(`exchange:${exchange}:closes`, '+', '-', 'COUNT', 1);
  after = newest?.[0] ?? '0-0';
  const bars = await history(redis, wanted);
  console.log(
    `history ${wanted} ${bars.length} bars, the newest of ${bars.length > 0 ? time(bars.at(-1).openTime) : 'none'}`,
  );
  keepId(after);
}
for await (const { id, label, series, candle, from, to } of closes(redis, after)) {
  if (label === 'reset') console.log(`reset ${wanted} ${(await history(redis, wanted)).length} bars`);
  else if (series === wanted) {
    const { openTime, open, high, low, close, volume } = candle ?? {};
    const bars =
      candle === undefined ? [time(from), time(to)] : [time(openTime), open, high, low, close, volume];
    console.log([label, series, ...bars].join(' '));
  }
  keepId(id);
}
