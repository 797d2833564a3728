import type { ActiveFaults } from '../faults/active-faults';
import type { Blemishes } from '../faults/blemish';
import type { Revisions } from '../faults/revisions';
import type { Market } from '../market/market';
import type { Product } from './catalogue';
import type { Figures } from './figures';

/** What a REST route answers from. */
export interface RestContext {
  readonly products: ReadonlyMap<string, Product>;
  readonly market: Market;
  /** The market as candle routes show it. */
  readonly restMarket: Market;
  readonly figures: Figures;
  readonly faults: ActiveFaults;
  readonly blemishes: Blemishes;
  readonly revisions: Pick<Revisions, 'shown'>;
  readonly bookLevels: number;
  /** Venue time, ms. */
  readonly now: number;
  readonly area: 'public' | 'private';
}
