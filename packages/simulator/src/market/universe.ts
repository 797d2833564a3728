/** The symbols a simulator lists when nobody says otherwise. */
import type { SimulatedVenue } from '../simulator';
import type { SeededSymbol } from './seeded-market';

interface Asset {
  readonly base: string;
  /** US dollars. */
  readonly price: number;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  readonly tradesPerDay?: number;
  readonly turnover?: number;
}

/** From the busiest, which trade about twice a second, to those that trade a few times an hour, or a few times a day. */
const ASSETS: readonly Asset[] = [
  { base: 'BTC', price: 91_500, priceDecimals: 2, sizeDecimals: 5, tradesPerDay: 172_800, turnover: 9e7 },
  { base: 'ETH', price: 3010, priceDecimals: 2, sizeDecimals: 4, tradesPerDay: 144_000, turnover: 8e7 },
  { base: 'SOL', price: 142, priceDecimals: 2, sizeDecimals: 3, tradesPerDay: 14_400, turnover: 6e7 },
  { base: 'XRP', price: 2.14, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 14_400, turnover: 5e7 },
  { base: 'BNB', price: 902, priceDecimals: 2, sizeDecimals: 3, tradesPerDay: 9600 },
  { base: 'DOGE', price: 0.161, priceDecimals: 5, sizeDecimals: 0, tradesPerDay: 9600 },
  { base: 'ADA', price: 0.47, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 7200 },
  { base: 'TRX', price: 0.287, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 7200 },
  { base: 'AVAX', price: 14.6, priceDecimals: 2, sizeDecimals: 2, tradesPerDay: 5760 },
  { base: 'LINK', price: 13.4, priceDecimals: 2, sizeDecimals: 2, tradesPerDay: 5760 },
  { base: 'SUI', price: 1.58, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 5760 },
  { base: 'DOT', price: 2.71, priceDecimals: 3, sizeDecimals: 2, tradesPerDay: 4320 },
  { base: 'LTC', price: 96.2, priceDecimals: 2, sizeDecimals: 3, tradesPerDay: 4320 },
  { base: 'BCH', price: 495, priceDecimals: 1, sizeDecimals: 3, tradesPerDay: 4320 },
  { base: 'SHIB', price: 0.0000088, priceDecimals: 8, sizeDecimals: 0, tradesPerDay: 4320 },
  { base: 'PEPE', price: 0.0000049, priceDecimals: 8, sizeDecimals: 0, tradesPerDay: 4320 },
  { base: 'UNI', price: 6.9, priceDecimals: 3, sizeDecimals: 2, tradesPerDay: 2880 },
  { base: 'AAVE', price: 178, priceDecimals: 2, sizeDecimals: 3, tradesPerDay: 2880 },
  { base: 'NEAR', price: 2.15, priceDecimals: 3, sizeDecimals: 1, tradesPerDay: 2880 },
  { base: 'ATOM', price: 2.62, priceDecimals: 3, sizeDecimals: 2, tradesPerDay: 2880 },
  { base: 'ETC', price: 14.3, priceDecimals: 2, sizeDecimals: 2, tradesPerDay: 2880 },
  { base: 'FIL', price: 1.74, priceDecimals: 3, sizeDecimals: 2, tradesPerDay: 2400 },
  { base: 'APT', price: 2.86, priceDecimals: 3, sizeDecimals: 2, tradesPerDay: 2400 },
  { base: 'ARB', price: 0.228, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 2400 },
  { base: 'OP', price: 0.337, priceDecimals: 4, sizeDecimals: 2, tradesPerDay: 1440 },
  { base: 'INJ', price: 5.92, priceDecimals: 3, sizeDecimals: 2, tradesPerDay: 1440 },
  { base: 'XLM', price: 0.251, priceDecimals: 4, sizeDecimals: 0, tradesPerDay: 1440 },
  { base: 'ALGO', price: 0.143, priceDecimals: 4, sizeDecimals: 0, tradesPerDay: 960 },
  { base: 'GRT', price: 0.0521, priceDecimals: 5, sizeDecimals: 0, tradesPerDay: 720, turnover: 2e6 },
  { base: 'SUSHI', price: 0.412, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 480, turnover: 1e6 },
  { base: 'DASH', price: 71.4, priceDecimals: 2, sizeDecimals: 3, tradesPerDay: 288, turnover: 1e6 },
  { base: 'ZEN', price: 13.2, priceDecimals: 2, sizeDecimals: 2, tradesPerDay: 144, turnover: 4e5 },
  { base: 'KNC', price: 0.287, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 48, turnover: 5e4 },
  { base: 'BAND', price: 0.428, priceDecimals: 4, sizeDecimals: 1, tradesPerDay: 12, turnover: 1e4 },
];

/** No symbol is older: a monthly page stays short, and day numbers small. */
const LISTED_AT = Date.UTC(2018, 0, 1);

function listed(symbol: string, quote: string, asset: Asset): SeededSymbol {
  return { ...asset, symbol, quote, listedAt: LISTED_AT, status: 'trading' };
}

const BINANCE_EXTRA: readonly SeededSymbol[] = [
  listed('ETHBTC', 'BTC', { base: 'ETH', price: 0.0329, priceDecimals: 5, sizeDecimals: 4, turnover: 300 }),
  listed('SUSHIBTC', 'BTC', {
    base: 'SUSHI',
    price: 0.0000045,
    priceDecimals: 8,
    sizeDecimals: 1,
    tradesPerDay: 240,
    turnover: 2,
  }),
  {
    ...listed('LUNAUSDT', 'USDT', { base: 'LUNA', price: 80, priceDecimals: 2, sizeDecimals: 2 }),
    status: 'halted',
  },
];

/** What each venue lists by default: the same assets, in its own spelling. */
export function defaultUniverse(venue: SimulatedVenue): readonly SeededSymbol[] {
  if (venue === 'coinbase') return ASSETS.map((asset) => listed(`${asset.base}-USD`, 'USD', asset));
  const tether = ASSETS.map((asset) => listed(`${asset.base}USDT`, 'USDT', asset));
  if (venue === 'binance') return [...tether, ...BINANCE_EXTRA];
  // On the smaller venue most symbols are thin.
  const dollars = ASSETS.slice(0, 12).map((asset) =>
    listed(`${asset.base}USD`, 'USD', {
      ...asset,
      tradesPerDay: Math.ceil((asset.tradesPerDay ?? 2880) / 12),
    }),
  );
  return [...tether, ...dollars];
}
