import { InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  exchangeName,
  isoInstant,
  keptBars,
  list,
  port,
  replaySpeed,
  since,
  symbolList,
  timeframe,
  timeframeList,
  url,
  venueName,
  wholeNumber,
} from './arguments';

const redisUrl = url('redis', 'rediss', 'unix');

describe('an argument', () => {
  it.each<[string, () => unknown, unknown]>([
    ['an exchange', () => exchangeName('binance_us'), 'binance_us'],
    ['a timeframe', () => timeframe('4h'), '4h'],
    ['a list with blanks', () => list(' A, B,,'), ['A', 'B']],
    ['timeframes', () => timeframeList('1m,1d'), ['1m', '1d']],
    ['symbols', () => symbolList('BTCUSDT, ETHUSDT'), ['BTCUSDT', 'ETHUSDT']],
    ['all symbols', () => symbolList('all'), ['all']],
    ['the most active symbols', () => symbolList('top:3'), ['top:3']],
    ['a whole number', () => wholeNumber(1)('12'), 12],
    ['a whole number in a range', () => wholeNumber(1, 90)('90'), 90],
    ['since an instant', () => since('2025-05-20'), { kind: 'instant', ms: Date.UTC(2025, 4, 20) }],
    ['since minutes ago', () => since('90m'), { kind: 'ago', ms: 5_400_000 }],
    ['since hours ago', () => since('2h'), { kind: 'ago', ms: 7_200_000 }],
    ['since days ago', () => since('7d'), { kind: 'ago', ms: 604_800_000 }],
    ['a port', () => port('65535'), 65_535],
    ['any port', () => port('0'), 0],
    [
      'a URL with a slash too many',
      () => url('http', 'https')('http://127.0.0.1:8101/'),
      'http://127.0.0.1:8101',
    ],
    ['a socket', () => redisUrl('unix:///tmp/redis.sock'), 'unix:///tmp/redis.sock'],
    ['a day', () => isoInstant('2025-05-20'), Date.UTC(2025, 4, 20)],
    [
      'an instant without zone, which is UTC',
      () => isoInstant('2025-05-20T10:00'),
      Date.UTC(2025, 4, 20, 10),
    ],
    ['an instant with a zone', () => isoInstant('2025-05-20T10:00:00+02:00'), Date.UTC(2025, 4, 20, 8)],
    ['a speed', () => replaySpeed('60x'), 60],
    ['no speed limit', () => replaySpeed('max'), 'max'],
    ['a venue', () => venueName('coinbase'), 'coinbase'],
  ])('that is %s is taken', (_name, parse, value) => {
    expect(parse()).toEqual(value);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['an exchange nobody knows', () => exchangeName('nope'), /Known: .*binance_us/],
    ['an exchange spelled otherwise', () => exchangeName('Binance-US'), /Did you mean binance_us\?/],
    ['a timeframe nobody keeps', () => timeframe('7m'), /Known: 1m, 5m/],
    ['an empty list', () => list(' , '), /such as BTCUSDT,ETHUSDT/],
    ['no number of symbols', () => symbolList('top:0'), /top:N with a whole number, 1 to 10000/],
    ['a fraction of symbols', () => symbolList('top:1.5'), /top:N with a whole number/],
    ['fewer than no symbols', () => symbolList('top:-1'), /top:N with a whole number/],
    ['top without a number', () => symbolList('TOP'), /top:N with a whole number/],
    ['all beside a symbol', () => symbolList('all,BTCUSDT'), /"all" stands alone/],
    ['top beside a symbol', () => symbolList('BTCUSDT,top:3'), /"top:3" stands alone/],
    ['an exponent', () => wholeNumber(1)('1e2'), /whole number/],
    ['hexadecimal', () => wholeNumber(0)('0x10'), /whole number/],
    ['nothing for a number', () => wholeNumber(0)(''), /whole number/],
    ['below none', () => wholeNumber(1, 90)('-5'), /whole number, 1 to 90/],
    ['more bars than are kept', () => keptBars('2000'), /1 to 999: of each series 1000 candles are kept/],
    ['a fraction', () => wholeNumber(0)('1.5'), /whole number, 0 or more/],
    ['too small', () => wholeNumber(1)('0'), /1 or more/],
    ['too large', () => wholeNumber(1, 90)('91'), /whole number, 1 to 90/],
    ['no such unit', () => since('3w'), /neither an instant .* nor a time ago such as 90m, 2h or 7d/],
    ['nothing but a unit', () => since('h'), /neither an instant/],
    ['a number without a unit', () => since('5'), /neither an instant/],
    ['a day that is not', () => since('2026-02-30'), /neither an instant/],
    ['a month that is not', () => isoInstant('2026-13-01'), /such as/],
    ['an hour that is not', () => isoInstant('2026-02-03T25:00'), /such as/],
    ['an instant with something behind it', () => isoInstant('2026-11-21 (UTC)'), /such as/],
    ['an instant with half a time', () => isoInstant('2026-11-21T10'), /such as/],
    ['a day without its year', () => isoInstant('May 5'), /such as 2025-05-20T00:00:00Z/],
    ['not a number', () => wholeNumber(1)('abc'), /whole number/],
    ['a port too high', () => port('65536'), /to 65535/],
    ['a port below 0', () => port('-1'), /to 65535/],
    ['a port in words', () => port(''), /to 65535/],
    ['not a URL', () => redisUrl('localhost'), /redis:\/\/host:port or rediss/],
    ['a URL of another kind', () => redisUrl('http://h'), /is not a URL of the form redis/],
    ['no instant', () => isoInstant('yesterday'), /such as 2025-05-20T00:00:00Z/],
    ['a speed of nothing', () => replaySpeed('0'), /above 0/],
    ['a venue nobody simulates', () => venueName('kraken'), /Known: binance, binance_us, coinbase/],
  ])('that is %s is refused with what would be right', (_name, parse, message) => {
    expect(parse).toThrow(InvalidArgumentError);
    expect(parse).toThrow(message);
  });
});

describe.each(['Asia/Tokyo', 'America/Los_Angeles'])('an instant typed in %s', (zone) => {
  beforeEach(() => {
    vi.stubEnv('TZ', zone);
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each<[string, number]>([
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21 18:49:00', Date.UTC(2026, 10, 21, 18, 49)],
    ['2026-11-21 18:49', Date.UTC(2026, 10, 21, 18, 49)],
    ['2026-11-21T18:49:00.250', Date.UTC(2026, 10, 21, 18, 49, 0, 250)],
    ['2026-11-21 18:49:00z', Date.UTC(2026, 10, 21, 18, 49)],
    ['2026-11-21 18:49:00-03:30', Date.UTC(2026, 10, 21, 22, 19)],
    ['2026-11-21T18:49+0100', Date.UTC(2026, 10, 21, 17, 49)],
  ])('%s is the same as anywhere', (text, ms) => {
    expect(new Date(2026, 10, 21).getTime()).not.toBe(Date.UTC(2026, 10, 21));
    expect(isoInstant(text)).toBe(ms);
    expect(since(text)).toEqual({ kind: 'instant', ms });
  });
});
