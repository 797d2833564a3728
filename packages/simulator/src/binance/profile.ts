/**
 * What differs between the venues of this family, and over time.
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api
 */
import type { VenueOptions } from '../server/venue-options';

export type ProfileName = 'com' | 'us-pre' | 'us-post';

/** Cost of each route; see the vendor's table of request weights. */
export interface Weights {
  readonly exchangeInfo: number;
  readonly klines: number;
  readonly avgPrice: number;
  readonly tickerOne: number;
  /** One to 20, 21 to 100, more symbols or all. */
  readonly tickerMany: readonly [number, number, number];
  readonly priceOne: number;
  readonly priceMany: number;
  readonly trades: number;
  readonly aggTrades: number;
}

export interface Profile {
  readonly name: ProfileName;
  readonly weightLimit: number;
  readonly rawLimit: number;
  readonly pingMs: number;
  readonly pongTimeoutMs: number;
  readonly hasServerShutdown: boolean;
  readonly hasSeconds: boolean;
  readonly hasUiKlines: boolean;
  readonly hasTimeZone: boolean;
  readonly hasMicroseconds: boolean;
  readonly hasAllTickers: boolean;
  readonly hasOrderIds: boolean;
  /** Request ids of control frames may only be unsigned integers. */
  readonly hasIntegerIds: boolean;
  readonly permissions: 'list' | 'sets';
  readonly weights: Weights;
}

const COM_WEIGHTS: Weights = {
  exchangeInfo: 20,
  klines: 2,
  avgPrice: 2,
  tickerOne: 2,
  tickerMany: [2, 40, 80],
  priceOne: 2,
  priceMany: 4,
  trades: 25,
  aggTrades: 4,
};

const US_WEIGHTS: Weights = {
  exchangeInfo: 10,
  klines: 1,
  avgPrice: 1,
  tickerOne: 1,
  tickerMany: [1, 20, 40],
  priceOne: 1,
  priceMany: 2,
  trades: 1,
  aggTrades: 1,
};

const COM: Profile = {
  name: 'com',
  weightLimit: 6000,
  rawLimit: 300_000,
  pingMs: 20_000,
  pongTimeoutMs: 60_000,
  hasServerShutdown: true,
  hasSeconds: true,
  hasUiKlines: true,
  hasTimeZone: true,
  hasMicroseconds: true,
  hasAllTickers: false,
  hasOrderIds: false,
  hasIntegerIds: false,
  permissions: 'sets',
  weights: COM_WEIGHTS,
};

const US_POST: Profile = {
  ...COM,
  name: 'us-post',
  rawLimit: 61_000,
  hasSeconds: false,
  hasUiKlines: false,
  hasTimeZone: false,
  hasMicroseconds: false,
  hasAllTickers: true,
  hasOrderIds: true,
  weights: { ...US_WEIGHTS, trades: 25, aggTrades: 4 },
};

const US_PRE: Profile = {
  ...US_POST,
  name: 'us-pre',
  weightLimit: 1200,
  rawLimit: 6100,
  pingMs: 180_000,
  pongTimeoutMs: 600_000,
  hasServerShutdown: false,
  hasIntegerIds: true,
  permissions: 'list',
  weights: US_WEIGHTS,
};

export function profileOf(options: Pick<VenueOptions, 'venue' | 'usProfile'>): Profile {
  if (options.venue !== 'binance_us') return COM;
  return options.usProfile === 'pre' ? US_PRE : US_POST;
}

export const KLINE_LIMIT_DEFAULT = 500;
export const KLINE_LIMIT_MAX = 1000;
export const STREAMS_MAX = 1024;
export const CLIENT_MESSAGES_PER_SECOND = 5;
export const CONNECTS_MAX = 300;
export const CONNECTS_WINDOW_MS = 300_000;
/** Bursts of frames within that window after which the address is shut out: that it is, was seen; how soon is a guess. */
export const BURSTS_BEFORE_BAN = 3;
export const SOCKET_BAN_MS = 120_000;
export const LIFETIME_MS = 86_400_000;
export const RAW_WINDOW_MS = 300_000;
export const BAN_LADDER_MS = [120_000, 300_000, 900_000, 3_600_000, 86_400_000, 259_200_000] as const;
export const STRIKES_BEFORE_BAN = 10;
