import type { Random } from '@livermore/utils';
import type { ActiveFaults, SeriesName } from './active-faults';
import { BLEMISHES } from './fault';

export type Blemish = (typeof BLEMISHES)[number];

/** Which element of a list is spoilt, and how. */
export interface Spoilt {
  readonly at: number;
  readonly how: Blemish;
}

/** Decides which rows and elements cannot be read while such a fault lasts. */
export interface Blemishes {
  /** Of an answer with so many candles. */
  ofRows(series: SeriesName, count: number): Spoilt | undefined;
  /** Of a frame with so many elements; one that carries a single one is left alone. */
  ofFrame(count: number): Spoilt | undefined;
  /** The text that stands for a figure of a symbol's ticker, if this one is spoilt. */
  ofTicker(symbol: string): { readonly field: 'change' | 'volume'; readonly value: string } | undefined;
}

export function createBlemishes(faults: ActiveFaults, random: Random): Blemishes {
  const spoil = (kind: 'row-bad' | 'element-bad', series: SeriesName, count: number) => {
    const fault = count === 0 ? undefined : faults.find(kind, series);
    if (fault === undefined || random.next() >= fault.share) return undefined;
    faults.acted(fault);
    const at = Math.floor(random.next() * count);
    const any = BLEMISHES[Math.floor(random.next() * BLEMISHES.length)] ?? 'null';
    return { at, how: fault.what === 'any' ? any : fault.what };
  };
  return {
    ofRows: (series, count) => spoil('row-bad', series, count),
    ofFrame: (count) => (count < 2 ? undefined : spoil('element-bad', {}, count)),
    ofTicker(symbol) {
      const fault = faults.find('ticker-bad', { symbol });
      if (fault === undefined || random.next() >= fault.share) return undefined;
      faults.acted(fault);
      return fault;
    },
  };
}

/** The list with one element put through `spoil`, or as it is. */
export function withSpoilt<T>(
  list: readonly T[],
  spoilt: Spoilt | undefined,
  spoil: (element: T, how: Blemish) => unknown,
): readonly unknown[] {
  if (spoilt === undefined) return list;
  return list.map((element, at) => (at === spoilt.at ? spoil(element, spoilt.how) : element));
}
