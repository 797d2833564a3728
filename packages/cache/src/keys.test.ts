import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as cache from './index';
import * as keys from './keys';

const ids = fc.integer({ min: 1, max: 2 ** 31 });
const symbols = fc.oneof(
  fc.constantFrom('BTCUSDT', 'BTC-USD', '币安人生USDT', '1', 'close', 'candle', '*'),
  fc.stringMatching(/^[^\s:]{1,20}$/u),
);
const timeframes = fc.constantFrom(...TIMEFRAMES);

interface Owner {
  readonly userId: number | null;
  readonly exchangeId: number;
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

describe('keys', () => {
  it('FND-01, TICK-02, TICK-03: every key and channel is spelled as documented', () => {
    expect({
      instanceStatusKey: keys.instanceStatusKey(2),
      warmupScheduleKey: keys.warmupScheduleKey(2),
      warmupStatsKey: keys.warmupStatsKey(2),
      exchangeSymbolsKey: keys.exchangeSymbolsKey(2),
      exchangeCandleKey: keys.exchangeCandleKey(2, 'BTCUSDT', '1m'),
      exchangeAbsenceKey: keys.exchangeAbsenceKey(2, 'BTCUSDT', '1m'),
      exchangeUnservedKey: keys.exchangeUnservedKey(2, 'BTCUSDT', '1m'),
      exchangeDoubtKey: keys.exchangeDoubtKey(2, 'BTCUSDT', '1m'),
      exchangeLooksKey: keys.exchangeLooksKey(2),
      exchangeToldKey: keys.exchangeToldKey(2),
      exchangeCorrectionsKey: keys.exchangeCorrectionsKey(2),
      exchangeVerifiedKey: keys.exchangeVerifiedKey(2),
      exchangeQualityKey: keys.exchangeQualityKey(2, '2026-11-20'),
      exchangeCandleCloseChannel: keys.exchangeCandleCloseChannel(2, 'BTCUSDT', '1m'),
      exchangeCandleClosePattern: keys.exchangeCandleClosePattern(2),
      tickerKey: keys.tickerKey(2, 'BTCUSDT'),
      tickerChannel: keys.tickerChannel(2, 'BTCUSDT'),
      candleKey: keys.candleKey(7, 2, 'BTCUSDT', '1m'),
      candleChannel: keys.candleChannel(7, 2, 'BTCUSDT', '1m'),
      exchangeClosesKey: keys.exchangeClosesKey(2),
      foreignKey: keys.foreignKey('exchange:2:told'),
      candleCloseChannel: keys.candleCloseChannel(7, 2, 'BTCUSDT', '1m'),
    }).toEqual({
      instanceStatusKey: 'exchange:2:status',
      warmupScheduleKey: 'exchange:2:warm-up-schedule:symbols',
      warmupStatsKey: 'exchange:2:warm-up-schedule:stats',
      exchangeSymbolsKey: 'exchange:2:symbols',
      exchangeCandleKey: 'candles:2:BTCUSDT:1m',
      exchangeAbsenceKey: 'candles:2:BTCUSDT:1m:absent',
      exchangeUnservedKey: 'candles:2:BTCUSDT:1m:unserved',
      exchangeDoubtKey: 'candles:2:BTCUSDT:1m:doubts',
      exchangeLooksKey: 'exchange:2:looks',
      exchangeToldKey: 'exchange:2:told',
      exchangeCorrectionsKey: 'exchange:2:corrections',
      exchangeClosesKey: 'exchange:2:closes',
      foreignKey: 'exchange:2:told:foreign',
      exchangeVerifiedKey: 'exchange:2:verified',
      exchangeQualityKey: 'exchange:2:quality:2026-11-20',
      exchangeCandleCloseChannel: 'channel:exchange:2:candle:close:BTCUSDT:1m',
      exchangeCandleClosePattern: 'channel:exchange:2:candle:close:*:*',
      tickerKey: 'ticker:2:BTCUSDT',
      tickerChannel: 'channel:ticker:2:BTCUSDT',
      candleKey: 'candles:7:2:BTCUSDT:1m',
      candleChannel: 'channel:candle:7:2:BTCUSDT:1m',
      candleCloseChannel: 'channel:candle:close:7:2:BTCUSDT:1m',
    });
    expect(keys.exchangeCandleClosePattern(2, '5m')).toBe('channel:exchange:2:candle:close:*:5m');
  });

  it('docs/redis-layout.md names every one of them', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/redis-layout.md'), 'utf8');
    const builders: Readonly<Record<string, string>> = {
      warmupScheduleKey: 'exchange:{e}:warm-up-schedule:symbols',
      warmupStatsKey: 'exchange:{e}:warm-up-schedule:stats',
      instanceStatusKey: 'exchange:{e}:status',
      exchangeSymbolsKey: 'exchange:{e}:symbols',
      exchangeCandleKey: 'candles:{e}:{s}:{tf}',
      exchangeAbsenceKey: 'candles:{e}:{s}:{tf}:absent',
      exchangeUnservedKey: 'candles:{e}:{s}:{tf}:unserved',
      exchangeDoubtKey: 'candles:{e}:{s}:{tf}:doubts',
      exchangeLooksKey: 'exchange:{e}:looks',
      exchangeToldKey: 'exchange:{e}:told',
      exchangeCorrectionsKey: 'exchange:{e}:corrections',
      exchangeClosesKey: 'exchange:{e}:closes',
      foreignKey: '{key}:foreign',
      exchangeVerifiedKey: 'exchange:{e}:verified',
      exchangeQualityKey: 'exchange:{e}:quality:{day}',
      exchangeCandleCloseChannel: 'channel:exchange:{e}:candle:close:{s}:{tf}',
      exchangeCandleClosePattern: 'channel:exchange:2:candle:close:*:*',
      tickerKey: 'ticker:{e}:{s}',
      tickerChannel: 'channel:ticker:{e}:{s}',
      candleKey: 'candles:{u}:{e}:{s}:{tf}',
      candleChannel: 'channel:candle:{u}:{e}:{s}:{tf}',
      candleCloseChannel: 'channel:candle:close:{u}:{e}:{s}:{tf}',
    };
    expect(new Set(Object.keys(builders))).toEqual(
      new Set(Object.keys(keys).filter((name) => !name.startsWith('parse'))),
    );
    for (const spelled of Object.values(builders)) expect(page).toContain(spelled);
  });

  it('FND-01: the package exports them all', () => {
    expect(cache.candleCloseChannel).toBe(keys.candleCloseChannel);
    expect(Object.keys(cache)).toEqual(expect.arrayContaining(Object.keys(keys)));
  });

  it('FND-01: a user close channel reads back as what it was made of', () => {
    fc.assert(
      fc.property(ids, ids, symbols, timeframes, (userId, exchangeId, symbol, timeframe) => {
        const channel = keys.candleCloseChannel(userId, exchangeId, symbol, timeframe);
        expect(keys.parseCandleCloseChannel(channel)).toEqual({ userId, exchangeId, symbol, timeframe });
      }),
    );
  });

  it('an exchange close channel reads back as what it was made of', () => {
    fc.assert(
      fc.property(ids, symbols, timeframes, (exchangeId, symbol, timeframe) => {
        const channel = keys.exchangeCandleCloseChannel(exchangeId, symbol, timeframe);
        expect(keys.parseExchangeCandleCloseChannel(channel)).toEqual({ exchangeId, symbol, timeframe });
      }),
    );
  });

  it('TICK-03: a ticker channel reads back as what it was made of', () => {
    fc.assert(
      fc.property(ids, symbols, (exchangeId, symbol) => {
        const channel = keys.tickerChannel(exchangeId, symbol);
        expect(keys.parseTickerChannel(channel)).toEqual({ exchangeId, symbol });
      }),
    );
  });

  it('TICK-01: no ticker key or channel takes a user', () => {
    expect(keys.tickerKey).toHaveLength(2);
    expect(keys.tickerChannel).toHaveLength(2);
    expect(keys.parseTickerChannel('channel:ticker:7:2:BTCUSDT')).toBeUndefined();
    const named = Object.keys(keys).filter((name) => /ticker/i.test(name));
    expect(named.toSorted()).toEqual(['parseTickerChannel', 'tickerChannel', 'tickerKey']);
  });

  it.each([
    'channel:exchange:2:candle:close:BTCUSDT:1M',
    'channel:exchange:x:candle:close:BTCUSDT:1m',
    'channel:exchange:2:candle:close::1m',
    'channel:exchange:2:candle:close:BTCUSDT:1m:more',
    ' channel:exchange:2:candle:close:BTCUSDT:1m',
  ])('%j is not an exchange close channel', (channel) => {
    expect(keys.parseExchangeCandleCloseChannel(channel)).toBeUndefined();
  });

  it.each(['channel:candle:7:2:BTCUSDT:1m', 'channel:candle:close:7:BTCUSDT:1m', ''])(
    '%j is not a user close channel',
    (channel) => {
      expect(keys.parseCandleCloseChannel(channel)).toBeUndefined();
    },
  );

  it('two different series never share a key, in one tier or across', () => {
    const owner: fc.Arbitrary<Owner> = fc.record({
      userId: fc.option(ids),
      exchangeId: ids,
      symbol: symbols,
      timeframe: timeframes,
    });
    const keyOf = ({ userId, exchangeId, symbol, timeframe }: Owner) =>
      userId === null
        ? keys.exchangeCandleKey(exchangeId, symbol, timeframe)
        : keys.candleKey(userId, exchangeId, symbol, timeframe);
    fc.assert(
      fc.property(owner, owner, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(keyOf(one)).not.toBe(keyOf(other));
      }),
    );
  });
});
