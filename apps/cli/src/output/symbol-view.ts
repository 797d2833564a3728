import type { ExchangeSymbol } from '@livermore/schemas';
import { count } from './format';
import { styled, table } from './print';

/** Symbols as a table. A volume nobody tells is said to be unknown; where none is told there is no column of them. */
export function symbolLines(symbols: readonly ExchangeSymbol[]): readonly string[] {
  const isTold = symbols.some(({ quoteVolume24h }) => quoteVolume24h !== undefined);
  const columns = [
    { title: 'symbol' },
    { title: 'base' },
    { title: 'quote' },
    ...(isTold ? [{ title: '24 h volume, in the quote', align: 'right' as const }] : []),
    { title: '' },
  ];
  const rows = symbols.map((each) => [
    each.symbol,
    each.base,
    each.quote,
    ...(isTold ? [volumeText(each)] : []),
    remark(each),
  ]);
  return table(columns, rows).split('\n');
}

/** Whole units where there are many of them, else what there is. */
function volumeText({ quoteVolume24h }: ExchangeSymbol): string {
  if (quoteVolume24h === undefined) return 'not told';
  return quoteVolume24h >= WHOLE_FROM
    ? count(Math.round(quoteVolume24h))
    : String(Number(quoteVolume24h.toPrecision(3)));
}

const WHOLE_FROM = 100;

function remark({ isTradable, streamedAs }: ExchangeSymbol): string {
  if (!isTradable) return styled('yellow', 'not trading');
  return streamedAs === undefined ? '' : `streamed as ${streamedAs}`;
}
