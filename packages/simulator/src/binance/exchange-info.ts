import type { MarketSymbol } from '../market/market';
import { unitsToText, toFixedText } from '../market/units';
import type { Profile } from './profile';

/** `rateLimits` as the profile's venue publishes them. */
export function rateLimitsOf(profile: Profile): readonly object[] {
  return [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: profile.weightLimit },
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
    { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000 },
    { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: profile.rawLimit },
  ];
}

/** Listing states as spelled on the wire. */
export function statusOf(symbol: MarketSymbol): string {
  return symbol.status === 'trading' ? 'TRADING' : 'BREAK';
}

/** One member of `symbols[]`. */
export interface SymbolInfo {
  readonly symbol: string;
  readonly [field: string]: unknown;
}

/** The entry of a symbol, by profile. */
export function symbolInfo(symbol: MarketSymbol, profile: Profile, showSets: boolean): SymbolInfo {
  const quotePrecision = symbol.quote === 'USD' ? 4 : 8;
  const isNewer = profile.permissions === 'sets';
  const newer = {
    otoAllowed: true,
    opoAllowed: true,
    amendAllowed: true,
    pegInstructionsAllowed: true,
  };
  return {
    symbol: symbol.symbol,
    status: statusOf(symbol),
    baseAsset: symbol.base,
    baseAssetPrecision: 8,
    quoteAsset: symbol.quote,
    quotePrecision,
    quoteAssetPrecision: quotePrecision,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: quotePrecision === 4 ? 2 : 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'],
    icebergAllowed: true,
    ocoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: profile.name === 'com',
    ...(isNewer ? newer : {}),
    filters: filtersOf(symbol, profile),
    ...(isNewer
      ? {
          permissions: [],
          permissionSets: showSets ? [profile.name === 'com' ? ['SPOT', 'MARGIN'] : ['SPOT']] : [],
        }
      : { permissions: ['SPOT'] }),
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
  };
}

const step = (decimals: number, digits: number): string => toFixedText(unitsToText(1, decimals), digits);

function filtersOf(symbol: MarketSymbol, profile: Profile): readonly object[] {
  const scale = symbol.quote === 'USD' ? 4 : 8;
  const tickSize = step(symbol.priceDecimals, scale);
  const stepSize = step(symbol.sizeDecimals, 8);
  const common = [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: toFixedText('1000000', scale), tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: '900000000.00000000', stepSize },
    { filterType: 'ICEBERG_PARTS', limit: 10 },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: '0.00000000',
      maxQty: '100000.00000000',
      stepSize: '0.00000000',
    },
  ];
  const tail = [
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: 200 },
    { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: 5 },
  ];
  const newer = [
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: '5',
      bidMultiplierDown: '0.2',
      askMultiplierUp: '5',
      askMultiplierDown: '0.2',
      avgPriceMins: 5,
    },
    {
      filterType: 'NOTIONAL',
      minNotional: toFixedText('5', scale),
      applyMinToMarket: true,
      maxNotional: toFixedText('9000000', scale),
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
  ];
  const older = [
    { filterType: 'PERCENT_PRICE', multiplierUp: '5', multiplierDown: '0.2', avgPriceMins: 5 },
    {
      filterType: 'MIN_NOTIONAL',
      minNotional: toFixedText('10', scale),
      applyToMarket: true,
      avgPriceMins: 5,
    },
  ];
  return [...common, ...(profile.name === 'com' ? newer : older), ...tail];
}
