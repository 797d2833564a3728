import type { ActiveFaults } from '../faults/active-faults';
import { ODDITIES } from '../faults/fault';
import type { SymbolInfo } from './exchange-info';

type Oddity = (typeof ODDITIES)[number];

const SPOILT: Readonly<Record<Oddity, (entry: SymbolInfo) => readonly unknown[]>> = {
  'field-missing': (entry) => [{ ...entry, isSpotTradingAllowed: undefined }],
  'field-null': (entry) => [{ ...entry, quoteAsset: null }],
  name: (entry) => [`${entry.symbol}:X`, `${entry.symbol} X`].map((symbol) => ({ ...entry, symbol })),
  types: (entry) => [{ ...entry, status: 1, baseAsset: ['ODD'], isSpotTradingAllowed: 'yes' }],
  null: () => [null],
};

/** The entries with odd ones among them while such a fault lasts; only where the whole listing is asked for are some added. */
export function withOddEntries(
  entries: readonly SymbolInfo[],
  faults: ActiveFaults,
  isWhole: boolean,
): readonly unknown[] {
  const fault = faults.find('listing-odd');
  const [model] = entries;
  if (fault === undefined || model === undefined) return entries;
  const oddities = fault.what === 'all' ? ODDITIES : [fault.what];
  if (fault.symbol !== undefined) {
    if (!entries.some(({ symbol }) => symbol === fault.symbol)) return entries;
    faults.acted(fault);
    const [oddity = 'null'] = oddities;
    return entries.map((entry) => (entry.symbol === fault.symbol ? SPOILT[oddity](entry)[0] : entry));
  }
  if (!isWhole) return entries;
  faults.acted(fault);
  // Not at the ends, where a reader that gives up half-way might go unnoticed.
  const middle = Math.ceil(entries.length / 2);
  return [
    ...entries.slice(0, middle),
    ...oddities.flatMap((one) => added(model, one)),
    ...entries.slice(middle),
  ];
}

/** Entries beside the right ones, under names that nothing else knows. */
function added(model: SymbolInfo, oddity: Oddity): readonly unknown[] {
  const named = { ...model, symbol: `ODD${oddity.replace('-', '').toUpperCase()}`, baseAsset: 'ODD' };
  return SPOILT[oddity](named);
}
