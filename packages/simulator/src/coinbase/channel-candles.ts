import { hash32 } from '@livermore/utils';
import { withSpoilt } from '../faults/blemish';
import type { Bar } from '../market/market';
import type { ChannelSource, SourceContext } from './channel-source';
import { wireCandle } from './rest-candles';
import { spoiltCandle } from './spoilt';

const BUCKET_MS = 300_000;
/** A live snapshot holds at most 100 buckets, picked with holes from about this many. */
const SNAPSHOT_BUCKETS = 100;
const SNAPSHOT_SPAN = 162;
/** After a pause of the machine an update goes back this far at most. */
const MOST_BUCKETS_BACK = 100;

/** The `candles` channel: five-minute buckets, no closed flag, buckets without trades left out. */
export function candleSource(context: SourceContext): ChannelSource {
  let lastSent = '';
  return {
    snapshot: (now) => {
      const bars = withHoles(context, snapshotBars(context, now));
      return event(context, 'snapshot', context.spoilSnapshot(bars));
    },
    update(since, now) {
      const again = context.revised(since, now);
      const bars = [...again, ...changedBars(context, since, now)];
      const text = event(context, 'update', bars);
      if (bars.length === 0 || text === lastSent) return undefined;
      lastSent = text;
      context.shown(again);
      return text;
    },
  };
}

function event(context: SourceContext, type: string, bars: readonly Bar[]): string {
  const product_id = context.symbol.symbol;
  const candles = bars.toReversed().map((bar) => ({ ...wireCandle(bar), product_id }));
  const spoilt = context.blemishes.ofFrame(candles.length);
  return JSON.stringify({ type, candles: withSpoilt(candles, spoilt, spoiltCandle) });
}

function snapshotBars(context: SourceContext, now: number): readonly Bar[] {
  return traded(context, now - SNAPSHOT_SPAN * BUCKET_MS, now).slice(-SNAPSHOT_SPAN);
}

/** Live snapshots are not contiguous although the product traded in every bucket. The newest two are always there. */
function withHoles({ symbol }: SourceContext, bars: readonly Bar[]): readonly Bar[] {
  const share = SNAPSHOT_BUCKETS / SNAPSHOT_SPAN;
  const kept = bars.filter(
    (bar, at) => at >= bars.length - 2 || hash32(`${symbol.symbol}|${bar.openTime}`) / 2 ** 32 < share,
  );
  return kept.slice(-SNAPSHOT_BUCKETS);
}

/** From the bucket of the last update to the running one: just after a boundary the ended one is told once more. */
function changedBars(context: SourceContext, since: number, now: number): readonly Bar[] {
  const current = Math.floor(now / BUCKET_MS) * BUCKET_MS;
  const from = Math.max(Math.floor(since / BUCKET_MS) * BUCKET_MS, current - MOST_BUCKETS_BACK * BUCKET_MS);
  const bars = traded(context, from, now);
  const running = bars.filter((bar) => bar.closeTime > now);
  return running.length < bars.length && context.hidesEnded() ? running : bars;
}

/** None where the market knows only longer bars: what it has of a shorter one is not the venue's. */
function traded({ market, symbol }: SourceContext, from: number, now: number): readonly Bar[] {
  if (!market.intervals(symbol.symbol).includes('5m')) return [];
  return market.bars(symbol.symbol, '5m', from, now + 1, now).filter((bar) => bar.trades > 0);
}
