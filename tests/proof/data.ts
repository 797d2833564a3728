import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportMarket, sliceRecording } from '@livermore/replay/testing';
import { DAY_MS, createSeededMarket } from '@livermore/simulator';
import type { SeededSymbol, SimulatedVenue } from '@livermore/simulator';
import { TIMEFRAMES } from '@livermore/schemas';
import type { OpenTimeRange } from '@livermore/schemas';

/** A recording of a few symbols around one midnight, the herd of all closes. */
export interface ProofData {
  readonly venue: SimulatedVenue;
  readonly folder: string;
  /** The midnight in the middle, ms. */
  readonly midnight: number;
  /** A busy symbol, and one that trades a few times an hour. */
  readonly busy: string;
  readonly thin: string;
  /** Where the candles come from, in words. */
  readonly origin: string;
}

const RECORDED = {
  binance: { folder: 'klines/binance/2021-04', symbols: ['BTCUSDT', 'LTCUSDT'], day: Date.UTC(2021, 4, 11) },
  coinbase: { folder: 'klines/coinbase/2020-02', symbols: ['BTC-USD'], day: Date.UTC(2020, 1, 14) },
} as const;

export type ProofVenue = keyof typeof RECORDED;
export const PROOF_VENUES: readonly ProofVenue[] = ['binance', 'coinbase'];

const SEED = 20;
const BEFORE_DAYS = 4;
const LISTED_AT = Date.UTC(2018, 0, 1);

/** Folder of recorded market data beside the checkout; undefined where there is none. */
export function sharedData(): string | undefined {
  const folder = join(
    import.meta.dirname,
    import.meta.dirname.endsWith('dist') ? '../../shared/data' : '../../../shared/data',
  );
  return existsSync(folder) ? folder : undefined;
}

/** So many that with those of any venue the proof in company is to be had. */
const COMPANY = ['ADA', 'ATOM', 'AVAX', 'BCH', 'DOT', 'ETH', 'LINK', 'SOL', 'UNI', 'XRP'];

/**
 * Puts a venue's recording together in a temporary folder: recorded candles where there are any, and seeded ones.
 * `isInCompany`: with ten symbols more.
 */
export function prepareData(
  venue: ProofVenue,
  shared: string | undefined,
  isInCompany = false,
): ProofData & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), `livermore-proof-${venue}-`));
  const recorded = RECORDED[venue];
  const midnight = recorded.day;
  const range = { from: midnight - BEFORE_DAYS * DAY_MS, to: midnight + DAY_MS };
  const isRecorded = shared !== undefined && existsSync(join(shared, recorded.folder));
  if (isRecorded) sliceRecording(join(shared, recorded.folder), folder, range, recorded.symbols);
  const thin = spelled(venue, 'KNC');
  const others = isInCompany ? COMPANY.map((base) => spelled(venue, base)) : [];
  exportSeeded(venue, folder, range, [...(isRecorded ? [] : recorded.symbols), thin, ...others]);
  return {
    venue,
    folder,
    midnight,
    busy: recorded.symbols[0],
    thin,
    origin: isRecorded
      ? `recorded ${recorded.folder} (${recorded.symbols.join(', ')}) and seeded ${thin}`
      : `seeded ${[...recorded.symbols, thin].join(', ')}: no recorded data beside the checkout`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function exportSeeded(
  venue: ProofVenue,
  folder: string,
  range: OpenTimeRange,
  names: readonly string[],
): void {
  const symbols = names.map(seededSymbol);
  exportMarket(createSeededMarket({ seed: SEED, symbols }), {
    folder,
    intervals: TIMEFRAMES,
    range,
    omitsEmpty: venue === 'coinbase',
  });
}

function spelled(venue: ProofVenue, base: string): string {
  return venue === 'coinbase' ? `${base}-USD` : `${base}USDT`;
}

/** Busy ones trade every few seconds; KNC every few minutes; the company in between, and for less. */
function seededSymbol(symbol: string): SeededSymbol {
  const base = symbol.replace(/-?USDT?$/, '');
  const isThin = base === 'KNC';
  const isCompany = COMPANY.includes(base);
  return {
    symbol,
    base,
    quote: symbol.slice(base.length).replace('-', ''),
    price: isThin ? 0.287 : isCompany ? 97 : 9_700,
    priceDecimals: isThin ? 4 : 2,
    sizeDecimals: isThin ? 1 : 4,
    tradesPerDay: isThin ? 300 : isCompany ? 5_760 : 14_400,
    listedAt: LISTED_AT,
    status: 'trading',
  };
}
