import type { Bar } from '../market/market';
import { textToUnits, unitsToText } from '../market/units';
import type { FaultOf } from './active-faults';

/** Digits that hold every price and size; a worth has twice as many. */
const SCALE = 10;
/** Digits of a size or a worth on any wire: a change is a multiple of them, so that sums stay exact. */
const WIRE_DIGITS = 8;
const PPM = 1_000_000;

/** What a revision adds to a bar, and how far it then reaches at least. */
export interface BarChange {
  readonly volume: bigint;
  readonly quoteVolume: bigint;
  readonly takerBaseVolume: bigint;
  readonly takerQuoteVolume: bigint;
  readonly high: string;
  readonly low: string;
}

const AMOUNTS = ['volume', 'quoteVolume', 'takerBaseVolume', 'takerQuoteVolume'] as const;
type Amount = (typeof AMOUNTS)[number];

const scaleOf = (amount: Amount): number => (amount.toLowerCase().includes('quote') ? 2 * SCALE : SCALE);
const unitsOf = (bar: Bar, amount: Amount): bigint => textToUnits(bar[amount], scaleOf(amount));

/** The bar with its volumes multiplied and its high, or low, moved, as the fault says; the same object where that changes nothing. */
export function changedBar(bar: Bar, fault: FaultOf<'revised-candle'>, priceDecimals: number): Bar {
  const growth = (name: Amount) => grown(unitsOf(bar, name), fault.volume, scaleOf(name));
  const amount = (name: Amount) => unitsToText(unitsOf(bar, name) + growth(name), scaleOf(name));
  const high = fault.price > 0 ? moved(bar.high, fault.price, priceDecimals) : bar.high;
  const low = fault.price < 0 ? moved(bar.low, fault.price, priceDecimals) : bar.low;
  const isMoved = Number(high) !== Number(bar.high) || Number(low) !== Number(bar.low);
  if (!isMoved && AMOUNTS.every((name) => growth(name) === 0n)) return bar;
  return {
    ...bar,
    high,
    low,
    volume: amount('volume'),
    quoteVolume: amount('quoteVolume'),
    takerBaseVolume: amount('takerBaseVolume'),
    takerQuoteVolume: amount('takerQuoteVolume'),
  };
}

/** What has to be added to `units` to multiply them: whole wire digits, and something wherever the factor is not 1. */
function grown(units: bigint, factor: number, scale: number): bigint {
  const digit = 10n ** BigInt(scale - WIRE_DIGITS);
  const part = (units * BigInt(Math.round((factor - 1) * PPM))) / BigInt(PPM);
  const whole = (part / digit) * digit;
  if (whole !== 0n || factor === 1 || units === 0n) return whole;
  return factor > 1 ? digit : units > digit ? -digit : 0n;
}

/** Moved by a share, and by one step at least; a low stays above zero. */
function moved(price: string, share: number, decimals: number): string {
  const units = textToUnits(price, decimals);
  const step = (units * BigInt(Math.round(share * PPM))) / BigInt(PPM);
  if (share > 0) return unitsToText(units + (step > 1n ? step : 1n), decimals);
  const lower = units + (step < -1n ? step : -1n);
  return unitsToText(lower > 0n ? lower : units, decimals);
}

/** How two states of one bar differ. */
export function changeOf(before: Bar, after: Bar): BarChange {
  const added = (name: Amount) => unitsOf(after, name) - unitsOf(before, name);
  return {
    volume: added('volume'),
    quoteVolume: added('quoteVolume'),
    takerBaseVolume: added('takerBaseVolume'),
    takerQuoteVolume: added('takerQuoteVolume'),
    high: after.high,
    low: after.low,
  };
}

/** A longer bar after one of its parts changed. */
export function addChange(bar: Bar, change: BarChange): Bar {
  const amount = (name: Amount) => unitsToText(unitsOf(bar, name) + change[name], scaleOf(name));
  return {
    ...bar,
    high: Number(change.high) > Number(bar.high) ? change.high : bar.high,
    low: Number(change.low) < Number(bar.low) ? change.low : bar.low,
    volume: amount('volume'),
    quoteVolume: amount('quoteVolume'),
    takerBaseVolume: amount('takerBaseVolume'),
    takerQuoteVolume: amount('takerQuoteVolume'),
  };
}
