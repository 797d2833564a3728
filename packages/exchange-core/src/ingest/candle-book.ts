import { candleClassOf, closeAsOf, isClosed, openTimeOf, seriesKey } from '@livermore/schemas';
import type { Series, SourcedCandle, Timeframe, UnifiedCandle } from '@livermore/schemas';
import { rollUp, rollUpForming } from './roll-up';

/** What the pipeline should do with a candle: keep it as an update, or write and announce it as closed. */
export interface BookEntry {
  readonly kind: 'update' | 'close';
  readonly candle: SourcedCandle;
}

export interface CandleBookOptions {
  /** `flagged`: the stream says what is closed. `inferred`: a bar is closed when a later one appears. */
  readonly closes: 'flagged' | 'inferred';
  /** The streamed timeframe that longer ones are rolled up from. */
  readonly base: Timeframe;
  /** Timeframes rolled up from the streamed one, each from the next shorter of them. */
  readonly rolledUp: readonly Timeframe[];
}

/**
 * Decides which bar closed, and rolls longer bars up, from a stream of bar states. Pure: events in, entries out.
 *
 * Memory is bounded: per symbol the newest bar of each streamed series, and the children of the one parent in
 * progress at each rolled-up timeframe.
 */
export class CandleBook {
  readonly #closes: 'flagged' | 'inferred';
  readonly #base: Timeframe;
  readonly #rolledUp: readonly Timeframe[];
  readonly #newest = new Map<string, SourcedCandle>();
  readonly #children = new Map<string, SourcedCandle[]>();
  /** Series whose newest bar may have had states that never arrived. */
  readonly #interrupted = new Set<string>();

  constructor(options: CandleBookOptions) {
    this.#closes = options.closes;
    this.#base = options.base;
    this.#rolledUp = options.rolledUp;
  }

  /** Takes one streamed state of a bar; returns what follows from it, in order. */
  observe(candle: UnifiedCandle): readonly BookEntry[] {
    if (this.#closes === 'flagged' && this.#rolledUp.length === 0) {
      const state = sourced(candle);
      return [{ kind: isClosed(state) ? 'close' : 'update', candle: state }];
    }
    return this.#infer(sourced(candle));
  }

  /**
   * Frames of these series, or of all, may have been lost: what is known of their newest bars is only sure again once a bar
   * is told anew. A bar that is closed before that stands on weak evidence.
   */
  interrupted(series?: readonly Series[]): void {
    for (const key of series?.map(seriesKey) ?? this.#newest.keys()) {
      if (this.#newest.has(key)) this.#interrupted.add(key);
    }
  }

  /** Tells the book of closed history, so that parents in progress know the children they had before. */
  remember(candles: readonly SourcedCandle[]): void {
    if (this.#rolledUp.length === 0) return;
    for (const candle of candles) if (isClosed(candle)) this.#adopt(candle);
  }

  #infer(candle: SourcedCandle): readonly BookEntry[] {
    const key = seriesKey(candle);
    const newest = this.#newest.get(key);
    if (newest !== undefined && candle.timestamp < newest.timestamp) {
      // An older bar, sent once more: a correction of what was closed, if it is final.
      return isClosed(candle) ? this.#closeAndRollUp(candle) : [];
    }
    this.#newest.set(key, candle);
    const entries: BookEntry[] = [];
    const wasInterrupted = this.#interrupted.delete(key);
    if (newest !== undefined && newest.timestamp < candle.timestamp && !isClosed(newest)) {
      entries.push(...this.#closeAndRollUp(finalOf(newest, wasInterrupted)));
    }
    if (isClosed(candle)) entries.push(...this.#closeAndRollUp(candle));
    else entries.push({ kind: 'update', candle }, ...this.#formingParents(candle));
    return entries;
  }

  #closeAndRollUp(candle: SourcedCandle): BookEntry[] {
    const entries: BookEntry[] = [{ kind: 'close', candle }];
    let child = candle;
    for (const timeframe of this.#parentsOf(candle.timeframe)) {
      this.#adopt(child);
      const openTime = openTimeOf(timeframe, child.timestamp);
      const parent = rollUp(timeframe, openTime, this.#childrenOf(child.symbol, timeframe));
      if (parent === undefined) break;
      child = standIn(parent);
      entries.push({ kind: 'close', candle: child });
    }
    return entries;
  }

  #formingParents(candle: SourcedCandle): BookEntry[] {
    const entries: BookEntry[] = [];
    let child = candle;
    for (const timeframe of this.#parentsOf(candle.timeframe)) {
      const openTime = openTimeOf(timeframe, child.timestamp);
      const before = this.#childrenOf(child.symbol, timeframe).filter(
        (known) => known.timestamp >= openTime && known.timestamp < child.timestamp,
      );
      const isWhole = rollsOn(openTime, before, child);
      const parent = isWhole ? rollUpForming(timeframe, openTime, [...before, child]) : undefined;
      if (parent === undefined) break;
      entries.push({ kind: 'update', candle: parent });
      child = parent;
    }
    return entries;
  }

  #adopt(child: SourcedCandle): void {
    const timeframe = this.#parentsOf(child.timeframe)[0];
    if (timeframe === undefined) return;
    const openTime = openTimeOf(timeframe, child.timestamp);
    const key = seriesKey({ symbol: child.symbol, timeframe });
    const known = this.#children.get(key) ?? [];
    // What stands on weaker evidence, as what a snapshot tells again, does not replace what was told before.
    const before = known.find((each) => each.timestamp === child.timestamp);
    if (before !== undefined && isWeaker(child, before)) return;
    const newestParent = known.at(-1)?.timestamp ?? 0;
    if (openTime < openTimeOf(timeframe, newestParent)) return;
    const kept = known.filter((each) => each.timestamp >= openTime && each.timestamp !== child.timestamp);
    this.#children.set(
      key,
      [...kept, child].toSorted((a, b) => a.timestamp - b.timestamp),
    );
  }

  #childrenOf(symbol: string, timeframe: Timeframe): readonly SourcedCandle[] {
    return this.#children.get(seriesKey({ symbol, timeframe })) ?? [];
  }

  /** Rolled-up timeframes above `timeframe`, shortest first; none for a timeframe that has no part in it. */
  #parentsOf(timeframe: Timeframe): readonly Timeframe[] {
    if (timeframe === this.#base) return this.#rolledUp;
    const at = this.#rolledUp.indexOf(timeframe);
    return at < 0 ? [] : this.#rolledUp.slice(at + 1);
  }
}

/** Whether the children before `child` reach from the parent's open time to it without a hole. */
function rollsOn(openTime: number, before: readonly SourcedCandle[], child: SourcedCandle): boolean {
  const step =
    before[1] === undefined || before[0] === undefined
      ? undefined
      : before[1].timestamp - before[0].timestamp;
  if (before.length === 0) return child.timestamp === openTime;
  const first = before[0];
  const last = before.at(-1);
  if (first?.timestamp !== openTime || last === undefined) return false;
  const length = step ?? child.timestamp - last.timestamp;
  return (child.timestamp - openTime) / length === before.length;
}

/** As the order of truth has it: the lower class; of two on weak evidence the one with less volume. */
function isWeaker(candle: SourcedCandle, before: SourcedCandle): boolean {
  const [own, other] = [candleClassOf(candle), candleClassOf(before)];
  return own < other || (own === 1 && other === 1 && candle.volume < before.volume);
}

function finalOf(candle: SourcedCandle, wasInterrupted: boolean): SourcedCandle {
  const closing = closeAsOf(candle.timeframe, candle.timestamp);
  const final = { ...candle, sequenceNum: Math.max(candle.sequenceNum, closing) };
  return wasInterrupted ? { ...final, standing: 'unwitnessed' } : final;
}

/**
 * Where bars are rolled up, the venue's own longer bar may differ. So the sum only stands in for it: whatever the venue
 * serves itself replaces it.
 */
function standIn(parent: SourcedCandle): SourcedCandle {
  const { standing: _, ...bar } = parent;
  return bar.source === 'no-trades' ? bar : { ...bar, source: 'stand-in' };
}

/** What a protocol decodes is complete and used as it is: this is the hot path. */
function sourced(candle: UnifiedCandle): SourcedCandle {
  if (isSourced(candle)) return candle;
  const { sequenceNum = 0, source = 'stream' } = candle;
  return { ...candle, sequenceNum, source };
}

function isSourced(candle: UnifiedCandle): candle is SourcedCandle {
  return candle.sequenceNum !== undefined && candle.source !== undefined;
}
