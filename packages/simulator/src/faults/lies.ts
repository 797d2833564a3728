import type { Bar, Market } from '../market/market';
import { textToUnits, unitsToText } from '../market/units';
import type { FaultOf, SeriesName } from './active-faults';
import { Portions } from './portions';
import type { RestView } from './rest-turn';

const PPM = 1_000_000;
/** Digits of a size or a worth on any wire. */
export const WIRE_DIGITS = 8;

/** Makes what falsifies the rows of the answers that lie, and leaves those of the others alone. */
export function createLiar(
  market: Market,
  { faults, turn }: Pick<RestView, 'faults' | 'turn'>,
): (rows: readonly Bar[], series: SeriesName) => readonly Bar[] {
  const portions = new Portions(turn);
  return (rows, series) => {
    const fault = rows.length === 0 ? undefined : faults.find('rest-lies', series);
    if (fault === undefined || !portions.has(fault)) return rows;
    turn.note(faults, fault);
    const listed = market.symbols.find(({ symbol }) => symbol === series.symbol);
    return rows.map((bar) => falsified(bar, fault, listed?.priceDecimals ?? WIRE_DIGITS));
  };
}

/** Well-formed and wrong: every price and every amount multiplied. */
function falsified(bar: Bar, fault: FaultOf<'rest-lies'>, priceDecimals: number): Bar {
  const price = (text: string) => times(text, fault.price, priceDecimals);
  const amount = (text: string, factor = fault.volume) => times(text, factor, WIRE_DIGITS);
  return {
    ...bar,
    open: price(bar.open),
    high: price(bar.high),
    low: price(bar.low),
    close: price(bar.close),
    volume: amount(bar.volume),
    quoteVolume: amount(bar.quoteVolume, fault.volume * fault.price),
    takerBaseVolume: amount(bar.takerBaseVolume),
    takerQuoteVolume: amount(bar.takerQuoteVolume, fault.volume * fault.price),
  };
}

/** A decimal multiplied, cut to so many decimals. */
export function times(text: string, factor: number, decimals: number): string {
  const units = (textToUnits(text, decimals) * BigInt(Math.round(factor * PPM))) / BigInt(PPM);
  return unitsToText(units, decimals);
}
