import type { Blemish } from '../faults/blemish';

type Row = readonly (string | number)[];

/** Positions in a row of candles: open, high, low, volume. */
const ROW = { open: 1, high: 2, low: 3, volume: 5 } as const;
const SHORT_ROW = 5;

const instead = (row: Row, at: number, value: string): Row =>
  row.map((field, index) => (index === at ? value : field));

const ROWS: Readonly<Record<Blemish, (row: Row) => unknown>> = {
  'zero-low': (row) => instead(row, ROW.low, '0.00000000'),
  nan: (row) => instead(row, ROW.open, 'NaN'),
  'negative-volume': (row) => instead(row, ROW.volume, `-${String(row[ROW.volume])}1`),
  'high-below-open': (row) => instead(row, ROW.high, String(Number(row[ROW.open]) / 2)),
  short: (row) => row.slice(0, SHORT_ROW),
  null: () => null,
};

/** A row of candles that no longer is what the venue documents. */
export function spoiltRow(row: Row, how: Blemish): unknown {
  return ROWS[how](row);
}

const TICKERS: Readonly<Record<Blemish, object | null>> = {
  'zero-low': { l: '0.00000000' },
  nan: { c: 'NaN' },
  'negative-volume': { v: '-1.00000000' },
  'high-below-open': { h: '0.00000001' },
  short: { c: undefined },
  null: null,
};

/** A ticker of a whole market's stream, likewise. */
export function spoiltTicker(ticker: object, how: Blemish): unknown {
  const fields = TICKERS[how];
  return fields === null ? null : { ...ticker, ...fields };
}
