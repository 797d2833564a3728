import { MAX_CANDLE_TARGET, knownExchanges } from '@livermore/exchange-core';
import { HARDCODED_CONFIG, TIMEFRAMES, isTimeframe } from '@livermore/schemas';
import { SIMULATED_VENUES } from '@livermore/simulator';
import type { SimulatedVenue } from '@livermore/simulator';
import type { Timeframe } from '@livermore/schemas';
import { InvalidArgumentError } from 'commander';

/** Parsers of arguments: each refuses with a sentence that names what would be right. */

/** An exchange we know. */
export function exchangeName(text: string): string {
  const names = knownExchanges();
  if (names.includes(text)) return text;
  const meant = names.find((name) => name.replace('_', '') === text.toLowerCase().replaceAll(/[^a-z]/g, ''));
  throw new InvalidArgumentError(
    `There is no exchange "${text}".${meant === undefined ? '' : ` Did you mean ${meant}?`} Known: ${names.join(', ')}.`,
  );
}

/** A timeframe we keep. */
export function timeframe(text: string): Timeframe {
  if (isTimeframe(text)) return text;
  throw new InvalidArgumentError(
    `There is no timeframe "${text}". Known: ${TIMEFRAMES.join(', ')} (1m is a minute).`,
  );
}

/** A list separated by commas. */
export function list(text: string): readonly string[] {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0) throw new InvalidArgumentError('Expected a list such as BTCUSDT,ETHUSDT.');
  return items;
}

/** Symbols of which a choice is made by number. No venue lists so many. */
const MOST_SYMBOLS = 10_000;

/** Symbols separated by commas, `all`, or `top:N`. */
export function symbolList(text: string): readonly string[] {
  const items = list(text);
  for (const item of items) {
    const [top, digits = ''] = /^top(?::(.*))?$/i.exec(item) ?? [];
    if (top !== undefined && !isWhole(digits, 1, MOST_SYMBOLS)) {
      throw new InvalidArgumentError(`Expected top:N with a whole number, 1 to ${MOST_SYMBOLS}.`);
    }
    if ((top !== undefined || item === 'all') && items.length > 1) {
      throw new InvalidArgumentError(`"${item}" stands alone: it is no symbol among others.`);
    }
    if (top !== undefined) return [top.toLowerCase()];
  }
  return items;
}

/** Timeframes separated by commas. */
export function timeframeList(text: string): readonly Timeframe[] {
  return list(text).map(timeframe);
}

/** A whole number in digits of at least `least`, and at most `most` where that is said; `why` ends the sentence. */
export function wholeNumber(
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
  why = '',
): (text: string) => number {
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'or more' : `to ${most}`;
  return (text) => {
    if (isWhole(text, least, most)) return Number(text);
    throw new InvalidArgumentError(`Expected a whole number, ${least} ${upTo}${why}.`);
  };
}

function isWhole(text: string, least: number, most: number): boolean {
  return /^\d{1,16}$/.test(text) && Number(text) >= least && Number(text) <= most;
}

const { maxCandlesPerSeries } = HARDCODED_CONFIG.cache;

/** Candles of a series: no more than are kept. */
export const keptCandles = wholeNumber(
  1,
  maxCandlesPerSeries,
  `: of each series ${maxCandlesPerSeries} candles are kept`,
);

/** Closed bars of a series: no more than are kept. */
export const keptBars = wholeNumber(
  1,
  MAX_CANDLE_TARGET,
  `: of each series ${maxCandlesPerSeries} candles are kept, the one in progress among them`,
);

const MAX_PORT = 65_535;

/** A port, or 0 for any free one. */
export function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= MAX_PORT) return value;
  throw new InvalidArgumentError(`Expected a port: 0 (any free one) to ${MAX_PORT}.`);
}

/** A URL of one of these protocols (`http`, `ws`, …). */
export function url(...protocols: readonly string[]): (text: string) => string {
  return (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    if (parsed !== undefined && protocols.includes(parsed.protocol.slice(0, -1)))
      return text.replace(/\/$/, '');
    throw new InvalidArgumentError(
      `"${text}" is not a URL of the form ${protocols.map((p) => `${p}://host:port`).join(' or ')}.`,
    );
  };
}

/** An instant: ISO 8601, with `T` or a blank before its time, and UTC when it names no zone. Returns ms. */
export function isoInstant(text: string): number {
  const ms = instantIn(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError(`"${text}" is not an instant such as 2025-05-20T00:00:00Z.`);
}

const INSTANT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(z|[+-]\d\d:?\d\d)?)?$/i;

function instantIn(text: string): number | undefined {
  const [, day, time = '00:00', zone = 'Z'] = INSTANT.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Whether the calendar has this day: 30 February would be read as 2 March. */
function isDay(day: string): boolean {
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

/** Where to begin: at an instant (ms since the epoch), or so long ago (ms). */
export interface Since {
  readonly kind: 'instant' | 'ago';
  readonly ms: number;
}

const MS_OF_UNIT: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant as above, or a length of time before now: `90m`, `2h`, `7d`. */
export function since(text: string): Since {
  const [, digits, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const unitMs = MS_OF_UNIT[unit];
  if (digits !== undefined && unitMs !== undefined) return { kind: 'ago', ms: Number(digits) * unitMs };
  const ms = instantIn(text);
  if (ms !== undefined) return { kind: 'instant', ms };
  throw new InvalidArgumentError(
    `"${text}" is neither an instant such as 2025-05-20T00:00:00Z nor a time ago such as 90m, 2h or 7d.`,
  );
}

/** A replay speed: a number of times real time, or `max`. */
export function replaySpeed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text.replace(/x$/, ''));
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`Expected "max" or a number above 0, such as 60 for a minute a second.`);
}

/** A venue that can be simulated. */
export function venueName(text: string): SimulatedVenue {
  const venue = SIMULATED_VENUES.find((each) => each === text);
  if (venue !== undefined) return venue;
  throw new InvalidArgumentError(
    `There is no simulated venue "${text}". Known: ${SIMULATED_VENUES.join(', ')}.`,
  );
}
