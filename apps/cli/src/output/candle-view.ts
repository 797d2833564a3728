import type { StoredCandle } from '@livermore/cache';
import { MICROS_PER_MS, candleStateOf } from '@livermore/schemas';
import type { CandleState } from '@livermore/schemas';
import { instant } from './format';
import { styled, table, widthOf } from './print';
import type { Column } from './print';

interface CandleColumn extends Column {
  readonly of: (candle: StoredCandle) => string;
}

const right = 'right' as const;

const COLUMNS = {
  time: { title: 'open time (UTC)', of: ({ timestamp }) => instant(timestamp) },
  // Bars open at whole minutes, and of the newest ones the year is known.
  shortTime: { title: 'time (UTC)', of: ({ timestamp }) => instant(timestamp).slice(5, 16) },
  open: { title: 'open', align: right, of: ({ open }) => String(open) },
  high: { title: 'high', align: right, of: ({ high }) => String(high) },
  low: { title: 'low', align: right, of: ({ low }) => String(low) },
  close: { title: 'close', align: right, of: ({ close }) => String(close) },
  volume: { title: 'volume', align: right, of: ({ volume }) => String(volume) },
  state: { title: 'state', of: (candle) => shownState(candleStateOf(candle)) },
  markedState: {
    title: 'state',
    of: (candle) =>
      `${shownState(candleStateOf(candle))}${candle.corrected === true ? styled('yellow', '*') : ''}`,
  },
  source: { title: 'source', of: ({ source }) => source ?? '' },
  standing: { title: 'standing', of: ({ standing }) => standing ?? '' },
  trueAt: {
    title: 'true at (UTC)',
    of: ({ sequenceNum }) => (sequenceNum === undefined ? '' : instant(sequenceNum / MICROS_PER_MS)),
  },
  corrected: {
    title: '',
    of: ({ corrected }) => (corrected === true ? styled('yellow', 'corrected') : ''),
  },
} as const satisfies Readonly<Record<string, CandleColumn>>;

type ColumnName = keyof typeof COLUMNS;

const BAR = ['open', 'high', 'low', 'close', 'volume'] as const;

/** What is shown, of ever narrower terminals; the last is shown however narrow one is. */
const LAYOUTS: readonly (readonly ColumnName[])[] = [
  ['time', ...BAR, 'state', 'source', 'standing', 'trueAt', 'corrected'],
  ['time', ...BAR, 'state', 'source', 'standing', 'corrected'],
  ['time', ...BAR, 'state', 'source', 'corrected'],
  ['time', ...BAR, 'state', 'corrected'],
  ['shortTime', ...BAR, 'markedState'],
  ['shortTime', ...BAR],
  ['shortTime', 'close', 'volume', 'markedState'],
  ['shortTime', 'close', 'volume'],
  ['shortTime', 'close'],
];

/**
 * Candles as a table, oldest first. Where it must fit in `columns` it has fewer columns, and a line says which are left out;
 * numbers are never cut. `columns` undefined: nothing needs to fit.
 */
export function candleLines(
  candles: readonly StoredCandle[],
  columns: number | undefined,
): readonly string[] {
  let names: readonly ColumnName[] = [];
  let lines: readonly string[] = [];
  for (names of LAYOUTS) {
    lines = drawnWith(names, candles);
    if (lines.every((each) => widthOf(each) <= (columns ?? Infinity))) break;
  }
  const note = leftOutNote(names);
  return note === '' ? lines : [...lines, styled('dim', note)];
}

function drawnWith(names: readonly ColumnName[], candles: readonly StoredCandle[]): readonly string[] {
  const columns: readonly CandleColumn[] = names.map((name) => COLUMNS[name]);
  return table(
    columns,
    candles.map((candle) => columns.map(({ of }) => of(candle))),
  ).split('\n');
}

function leftOutNote(names: readonly ColumnName[]): string {
  const shown: ReadonlySet<string> = new Set(names.map((name) => COLUMNS[name].title));
  const [all = []] = LAYOUTS;
  const titles = all.map((name) => COLUMNS[name].title).filter((title) => !title.startsWith('open time'));
  const leftOut = titles.filter((title) => !shown.has(title) && title !== '');
  if (leftOut.length === 0) return '';
  const star = names.includes('markedState') ? '; * is corrected' : '';
  return `left out to fit: ${leftOut.join(', ')} (in a pipe and with --json all is shown)${star}`;
}

function shownState(state: CandleState): string {
  if (state === 'forming') return styled('yellow', state);
  return state === 'provisional' ? state : styled('green', state);
}
