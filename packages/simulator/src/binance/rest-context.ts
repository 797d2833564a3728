import type { ActiveFaults } from '../faults/active-faults';
import type { Blemishes } from '../faults/blemish';
import type { Revisions } from '../faults/revisions';
import type { Market } from '../market/market';
import type { ClientRecorder } from '../server/client-log';
import type { SimRequest } from '../server/venue';
import type { ParameterSpec } from './parameters';
import type { Listing } from './listing';
import type { Profile } from './profile';
import type { Quotes } from './quotes';

/** What the routes of one venue share. */
export interface RestContext {
  readonly market: Market;
  readonly restMarket: Market;
  readonly listing: Listing;
  readonly quotes: Quotes;
  readonly profile: Profile;
  readonly recorder: ClientRecorder;
  readonly faults: ActiveFaults;
  readonly blemishes: Blemishes;
  readonly revisions: Pick<Revisions, 'shown'>;
}

/** One request on its way through a route. */
export interface RestCall {
  readonly request: SimRequest;
  readonly query: URLSearchParams;
  readonly now: number;
  /** 1000 when the client asked for microseconds. */
  readonly unit: 1 | 1000;
}

export interface Route {
  readonly parameters: ParameterSpec;
  /** What a request costs, whether or not it succeeds. */
  weight(query: URLSearchParams, profile: Profile): number;
  /** The body. @throws Refusal */
  answer(call: RestCall, context: RestContext): unknown;
}
