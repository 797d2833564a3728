import { closeAsOf, isSymbol } from '@livermore/schemas';
import type { MarketEvent } from '@livermore/schemas';
import { streamAsOf } from '../../as-of';
import type { DecodeContext, StreamMessage } from '../protocol';
import { symbolKnown, told } from '../unreadable';
import type { Known } from '../unreadable';
import { symbolAt } from '../wire';
import type { JsonObject } from '../wire';
import { readBar } from './bar';
import type { Bar } from './bar';
import { readEntries } from './entries';
import { topicOf } from './frames';
import { CANDLE_ENTRIES } from './messages';
import { openTimeIn } from './time';

const STREAMED = '5m';

interface Bucket {
  readonly product: string;
  readonly bar: Bar;
  readonly isSnapshot: boolean;
}

/**
 * Every bucket of a `candles` frame, older ones first, each for every symbol that was asked for. Nothing in a frame says
 * "closed": a bucket is final when its time is over *and* a later bucket of the product has appeared in the same frame.
 * So is the past of a snapshot, yet what a snapshot tells of it is lossy: such a bar is of source `snapshot`, and as old
 * as a closed bar can be. Its newest bucket is a bar of the stream like any other.
 */
export function bucketsMessage(
  events: readonly unknown[],
  micros: number,
  context: DecodeContext,
): StreamMessage {
  const { values, unreadable } = readEntries<Bucket>(events, context.exchange, {
    list: CANDLE_ENTRIES,
    read: ({ wire, where, isSnapshot }) => ({
      product: symbolAt(wire['product_id'], where, 'product_id'),
      bar: readBar(wire, STREAMED, where),
      isSnapshot,
    }),
    knownOf: knownOfBucket,
  });
  const newest = new Map<string, number>();
  for (const { product, bar } of values) {
    newest.set(product, Math.max(bar.timestamp, newest.get(product) ?? 0));
  }
  const updates = values
    .toSorted((a, b) => a.bar.timestamp - b.bar.timestamp)
    .flatMap((bucket) =>
      updatesOf(bucket, bucket.bar.timestamp < (newest.get(bucket.product) ?? 0), micros, context),
    );
  return { kind: 'data', events: updates, ...told(unreadable) };
}

/** What a bucket that cannot be read tells all the same: whose it is, and of which bar. */
function knownOfBucket(wire: JsonObject = {}): Known {
  const product = wire['product_id'];
  const openTime = openTimeIn(wire['start'], STREAMED);
  return {
    ...symbolKnown(product),
    topics: isSymbol(product) ? [topicOf('candles', product)] : 'any',
    ...(openTime === undefined ? {} : { openTime }),
  };
}

function updatesOf(
  { bar, product, isSnapshot }: Bucket,
  isFollowed: boolean,
  micros: number,
  context: DecodeContext,
): readonly MarketEvent[] {
  const closing = closeAsOf(STREAMED, bar.timestamp);
  const isOver = closing <= micros;
  const isFinal = isFollowed && isOver;
  // What is over is the past, the newest bucket as well: where nothing traded since, it lies hours back.
  const source = isOver && isSnapshot ? 'snapshot' : 'stream';
  const sequenceNum = isFinal && isSnapshot ? closing : streamAsOf(STREAMED, bar.timestamp, micros, isFinal);
  const candle = { ...bar, timeframe: STREAMED, exchange: context.exchange, sequenceNum, source } as const;
  return context
    .symbolsOf(product)
    .map((symbol) => ({ type: 'candle:update', candle: { ...candle, symbol } }));
}
