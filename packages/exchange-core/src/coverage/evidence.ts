import { closeAsOf, closeTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import type { CandlePage, ExchangeProtocol, RestLimits } from '../protocol/protocol';

/**
 * What an answer proves about the bars it does not contain. Pure. A bar is *quiet* (nothing traded), *absent* (the
 * venue does not have it), or *unsettled* (this answer proves neither).
 *
 * Where the venue serves a row for every bucket (`flat`), a missing one is absent once the answer is old enough to
 * be the last word and shows that REST has moved past it: by a later row, or by the whole page being that old.
 *
 * Where the venue leaves out buckets without trades (`omitted`), a missing one is quiet when the answer brackets
 * it: a later bucket that traded, and before it a row, or a closed bar already known that it continues without a
 * gap. An outage looks the same, except that it is long: a run too long for how this series trades is absent.
 * Before the first bar ever seen there is no price to carry on: such a run is absent as well, never quiet.
 * What no later row brackets is unsettled, so an empty answer proves nothing.
 *
 * | missing bucket                          | flat      | omitted                        |
 * |-----------------------------------------|-----------|--------------------------------|
 * | not closed when the answer was true     | –         | –                              |
 * | closed for less than `confirmMs`        | unsettled | unsettled                      |
 * | known to have traded, though not closed | unsettled | unsettled                      |
 * | no later row, page not all that old     | unsettled | unsettled                      |
 * | no later row, page all that old         | absent    | unsettled                      |
 * | later row, nothing known before it      | absent    | absent                         |
 * | later row, something before, not joined | absent    | unsettled                      |
 * | later row, joined, plausible run        | absent    | quiet: a flat bar              |
 * | later row, joined, implausible run      | absent    | absent                         |
 * | holds shorter bars that are absent      | absent    | absent                         |
 * | an hour or more, never empty before     | absent    | absent, unless its parts are   |
 */
export interface EvidenceInput {
  /** Name of the exchange, as candles carry it. */
  readonly exchange: string;
  readonly emptyBuckets: ExchangeProtocol['emptyBuckets'];
  readonly limits: Pick<RestLimits, 'settleMs' | 'confirmMs'>;
  readonly page: CandlePage;
  /** The bars of the answer: ascending, unique, on the grid, inside the page. */
  readonly candles: readonly SourcedCandle[];
  /** Venue time (ms) at which the answer was true at the earliest. */
  readonly answeredAt: number;
  readonly known?: KnownBars;
}

/** What was known before the answer. */
export interface KnownBars {
  /**
   * The closed bars next before the page, ascending, without a gap between them and up to the page: the last one
   * opens one bar before `page.from`. Empty when that one is not known.
   */
  readonly before: readonly KnownBar[];
  /** Whether any bar before the page is known at all, joined to it or not. */
  readonly hasEarlier: boolean;
  /** Whether the bar next before the page is remembered as absent: what is missing from there on goes on being so. */
  readonly followsAbsent?: boolean;
  /** Bars inside the page by open time. Those known as closed need no verdict. */
  readonly inside: ReadonlyMap<number, KnownBar & { readonly isClosed: boolean }>;
  /** Bars (open times) that hold shorter ones the venue does not have: an outage is not quiet at any length of bar. */
  readonly isOut?: (openTime: number) => boolean;
  /** Bars (open times) whose shorter ones are all cached as flat: nothing traded in any part of them. */
  readonly isQuietWithin?: (openTime: number) => boolean;
}

export interface KnownBar {
  readonly close: number;
  readonly volume: number;
}

export interface Evidence {
  /** To be written, ascending: what was served, and a flat `no-trades` bar for each quiet bucket. */
  readonly candles: readonly SourcedCandle[];
  /** Open times (ms) of closed bars the venue does not have. */
  readonly absent: readonly number[];
  /** Open times (ms) to ask for again: no verdict yet, or served so early that the row may be stale. */
  readonly unsettled: readonly number[];
}

/** A run of empty buckets less likely than this is an outage, not a quiet market. */
const IMPLAUSIBLE = 1e-6;

const NOTHING_KNOWN: KnownBars = { before: [], hasEarlier: false, inside: new Map() };

/** Judges an answer. */
export function judgePage(input: EvidenceInput): Evidence {
  const missing = missingBuckets(input);
  const stale = input.candles.filter((candle) => isTooFresh(candle, input)).map((candle) => candle.timestamp);
  const verdict = input.emptyBuckets === 'flat' ? judgeFlat(input, missing) : judgeOmitted(input, missing);
  return {
    candles: [...input.candles, ...verdict.quiet].toSorted((a, b) => a.timestamp - b.timestamp),
    absent: verdict.absent,
    unsettled: [...verdict.unsettled, ...stale].toSorted((a, b) => a - b),
  };
}

interface Verdict {
  readonly quiet: readonly SourcedCandle[];
  readonly absent: readonly number[];
  readonly unsettled: readonly number[];
}

/** Buckets of the page that were closed when the answer was true, and neither in it nor known. Ascending. */
function missingBuckets(input: EvidenceInput): readonly number[] {
  const { candles, known = NOTHING_KNOWN } = input;
  const served = new Set(candles.map((candle) => candle.timestamp));
  return closedBuckets(input).filter(
    (openTime) => !served.has(openTime) && known.inside.get(openTime)?.isClosed !== true,
  );
}

function closedBuckets({ page, answeredAt }: EvidenceInput): readonly number[] {
  const length = timeframeMs(page.timeframe);
  const end = Math.min(page.to, Math.floor(answeredAt / length) * length);
  return Array.from({ length: Math.max(0, (end - page.from) / length) }, (_, at) => page.from + at * length);
}

/** A row of a bar that had only just closed may lack its last trades. */
function isTooFresh(candle: SourcedCandle, { answeredAt, limits }: EvidenceInput): boolean {
  const age = answeredAt - closeTimeOf(candle.timeframe, candle.timestamp);
  return age >= 0 && age < limits.settleMs;
}

/** Whether the answer is the last word on a bar it lacks: old enough, and nothing else shows that it traded. */
function isLastWord(
  openTime: number,
  { page, answeredAt, limits, known = NOTHING_KNOWN }: EvidenceInput,
): boolean {
  const age = answeredAt - closeTimeOf(page.timeframe, openTime);
  return age >= limits.confirmMs && (known.inside.get(openTime)?.volume ?? 0) === 0;
}

function judgeFlat(input: EvidenceInput, missing: readonly number[]): Verdict {
  const { page, candles, answeredAt, limits } = input;
  const newest = candles.at(-1)?.timestamp ?? Number.NEGATIVE_INFINITY;
  const isAllOld = answeredAt - page.to >= limits.confirmMs;
  const isAbsent = (openTime: number) => isLastWord(openTime, input) && (openTime < newest || isAllOld);
  return {
    quiet: [],
    absent: missing.filter((openTime) => isAbsent(openTime)),
    unsettled: missing.filter((openTime) => !isAbsent(openTime)),
  };
}

/** A closed bucket on the way to a verdict: `asked` is missing and may be judged, `open` may not. */
interface Slot {
  readonly openTime: number;
  readonly state: 'traded' | 'empty' | 'asked' | 'open';
  readonly close?: number;
}

function judgeOmitted(input: EvidenceInput, missing: readonly number[]): Verdict {
  const slots = slotsOf(input, missing);
  const quiet: SourcedCandle[] = [];
  const absent: number[] = [];
  const settled = new Set<number>();
  for (const run of runsOf(slots)) {
    const verdict = verdictOf(run, slots, input);
    if (verdict === 'unsettled') continue;
    const asked = run.slots.filter((slot) => slot.state === 'asked').map((slot) => slot.openTime);
    for (const openTime of asked) settled.add(openTime);
    if (verdict === 'absent') absent.push(...asked);
    else quiet.push(...asked.map((openTime) => flatBar(input, openTime, verdict.price)));
  }
  return { quiet, absent, unsettled: missing.filter((openTime) => !settled.has(openTime)) };
}

/** What is known before the page, then every closed bucket of it. */
function slotsOf(input: EvidenceInput, missing: readonly number[]): readonly Slot[] {
  const { page, candles, known = NOTHING_KNOWN } = input;
  const newestTraded = candles.findLast((candle) => candle.volume > 0)?.timestamp ?? Number.NEGATIVE_INFINITY;
  const served = new Map<number, KnownBar>(candles.map((candle) => [candle.timestamp, candle]));
  const isMissing = new Set(missing);
  const begin = page.from - known.before.length * timeframeMs(page.timeframe);
  const before = known.before.map((bar, at) => barSlot(begin + at * timeframeMs(page.timeframe), bar));
  const inside = closedBuckets(input).map((openTime): Slot => {
    const bar = served.get(openTime) ?? known.inside.get(openTime);
    if (!isMissing.has(openTime) && bar !== undefined) return barSlot(openTime, bar);
    const isProvable = openTime < newestTraded && isLastWord(openTime, input);
    return { openTime, state: isProvable ? 'asked' : 'open' };
  });
  return [...before, ...inside];
}

function barSlot(openTime: number, bar: KnownBar): Slot {
  return { openTime, state: bar.volume > 0 ? 'traded' : 'empty', close: bar.close };
}

/** Empty buckets in a row, asked for or known, at least one of them asked for. */
interface Run {
  readonly slots: readonly Slot[];
  /** What lies before the first bucket asked for; undefined where nothing before it is known. */
  readonly previous: Slot | undefined;
}

function runsOf(slots: readonly Slot[]): readonly Run[] {
  const groups: { slots: Slot[]; begin: number }[] = [];
  for (const [at, slot] of slots.entries()) {
    if (slot.state !== 'asked' && slot.state !== 'empty') continue;
    const group = groups.at(-1);
    if (group !== undefined && group.begin + group.slots.length === at) group.slots.push(slot);
    else groups.push({ slots: [slot], begin: at });
  }
  return groups.flatMap((group) => {
    const first = group.slots.findIndex((slot) => slot.state === 'asked');
    return first < 0 ? [] : [{ slots: group.slots, previous: slots[group.begin + first - 1] }];
  });
}

function verdictOf(
  run: Run,
  slots: readonly Slot[],
  { known = NOTHING_KNOWN, page }: EvidenceInput,
): 'absent' | 'unsettled' | { readonly price: number } {
  if (run.previous === undefined)
    return known.hasEarlier && known.followsAbsent !== true ? 'unsettled' : 'absent';
  if (run.previous.close === undefined) return 'unsettled';
  if (run.slots.some((slot) => slot.state === 'asked' && known.isOut?.(slot.openTime) === true))
    return 'absent';
  if (isUnheardOf(run, slots, page.timeframe) && !isQuietThroughout(run, known)) return 'absent';
  return isPlausible(run, slots) ? { price: run.previous.close } : 'absent';
}

/** Bars around a run from which on "never empty before" says something. */
const MANY_BARS = 60;
const LONG_BAR_MS = timeframeMs('1h');

/** Whether an empty bar of this timeframe is judged by its parts as well: who knows nothing of them need not look. */
export function isJudgedByParts(timeframe: Timeframe): boolean {
  return timeframeMs(timeframe) >= LONG_BAR_MS;
}

/** A bar of an hour or more without a trade, in a series that traded in every one of many others. */
function isUnheardOf(run: Run, slots: readonly Slot[], timeframe: Timeframe): boolean {
  if (!isJudgedByParts(timeframe)) return false;
  const inRun = new Set(run.slots);
  const others = slots.filter((slot) => slot.state !== 'open' && !inRun.has(slot));
  return others.length >= MANY_BARS && others.every((slot) => slot.state === 'traded');
}

function isQuietThroughout(run: Run, known: KnownBars): boolean {
  const asked = run.slots.filter((slot) => slot.state === 'asked');
  return asked.every((slot) => known.isQuietWithin?.(slot.openTime) === true);
}

/**
 * Whether a run this long may be a quiet market: the chance of an empty bucket, estimated by the rule of succession
 * from all buckets around the run, to the power of its length.
 */
function isPlausible(run: Run, slots: readonly Slot[]): boolean {
  const length = run.slots.length;
  const empty = slots.filter((slot) => slot.state === 'asked' || slot.state === 'empty').length - length;
  const traded = slots.filter((slot) => slot.state === 'traded').length;
  return ((empty + 1) / (empty + traded + 2)) ** length >= IMPLAUSIBLE;
}

/** The bar of a bucket in which nothing traded. It was true at its close, and anything the venue says is newer. */
function flatBar({ page, exchange }: EvidenceInput, openTime: number, price: number): SourcedCandle {
  return {
    timestamp: openTime,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0,
    symbol: page.symbol,
    timeframe: page.timeframe,
    exchange,
    sequenceNum: closeAsOf(page.timeframe, openTime),
    source: 'no-trades',
  };
}
