import type { OpenTimeRange, Series, Timeframe } from '@livermore/schemas';
import type { AnnouncedCounts } from './announced';
import type { Difference } from './compare';
import type { RevisedBar } from './recording';

/** How bars turned out. */
export interface Totals extends AnnouncedCounts {
  readonly compared: number;
  /** Of those compared: closed while the exchange was live; the others were warmed up. */
  readonly lived: number;
  readonly equal: number;
  readonly different: number;
  /** Of those different: what the venue had before it corrected the bar, which nobody has noticed yet. */
  readonly pending: number;
  readonly missing: number;
  /** Equal to another native recording of the bar, with which the first disagrees; not counted as different. */
  readonly revised: number;
  /** Quiet bars of a venue that omits them, at the right price. */
  readonly quiet: number;
  /** Said to be without trades where the recording has some. */
  readonly falselyQuiet: number;
  readonly holes: number;
  readonly invented: number;
  /** Closed while the exchange was live, in the cache, and never announced. */
  readonly unannounced: number;
}

/** What a replay found, for one series. */
export interface SeriesReport extends Series, Totals {
  /** Of those compared, how many had a native recording; the rest are made of the shorter recorded ones. */
  readonly native: number;
}

/** What was announced of one timeframe. */
export interface AnnouncedReport extends AnnouncedCounts {
  readonly timeframe: Timeframe;
  /** Share of the bars that were right when first announced; none where nothing was. */
  readonly shareRight: number | undefined;
}

/** What production did under, where a replay could have chosen otherwise. */
export interface ReplaySettings {
  /** `default`: as the venue's protocol says. */
  readonly derive: boolean | 'default';
  readonly audit: boolean;
  readonly tickers: boolean;
  /** Least distance (ms) of two update frames of a stream; `venue`: the venue's own. */
  readonly updateEveryMs: number | 'venue';
  readonly heartbeatEveryMs: number | 'venue';
  /** How long (ms) the exchange went on after the last bar that is compared. */
  readonly settleMs: number;
}

/** What a replay found. Times are ms since the epoch. */
export interface ReplayReport {
  readonly venue: string;
  readonly data: string;
  readonly from: number;
  readonly to: number;
  readonly speed: number | 'max';
  readonly settings: ReplaySettings;
  readonly symbols: readonly string[];
  readonly timeframes: readonly Timeframe[];
  readonly candles: Totals;
  readonly series: readonly SeriesReport[];
  readonly announced: readonly AnnouncedReport[];
  readonly differences: readonly Difference[];
  readonly missing: readonly (Series & { readonly openTimes: readonly number[] })[];
  readonly falselyQuiet: readonly (Series & { readonly openTimes: readonly number[] })[];
  /** Bars the venue does not have and the cache does not either, as ranges: outages of the venue. */
  readonly holes: readonly (Series & { readonly ranges: readonly OpenTimeRange[] })[];
  /** Recorded bars that another native recording contradicts: the venue revised one of the two. */
  readonly revised: readonly RevisedBar[];
  readonly warmup: {
    readonly requests: number;
    readonly weight: number;
    /** What one page for each pair would have taken. */
    readonly naiveRequests: number;
    readonly status: string;
    readonly failures: number;
  };
  readonly requests: number;
  readonly weight: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly connections: number;
  /** How often faults of each kind really acted at the venue; a kind that never did is not in it. */
  readonly faultsApplied: Readonly<Record<string, number>>;
  /** Lines of the script of faults, from 0, that really acted, ascending. */
  readonly faultLines: readonly number[];
  /**
   * Messages heard on the Redis channel: closes, those of a bar no newer than one heard before, and no candles at all;
   * and how many came to everyone or to their owner alone.
   */
  readonly closes: {
    readonly announced: number;
    readonly repeated: number;
    readonly unreadable: number;
    readonly untoldOwner: number;
  };
  /** Replayed time, and what it took, ms. */
  readonly replayedMs: number;
  readonly tookMs: number;
}

/** Whether a report shows a cache that equals the venue, and announcements of each close that ended right. */
export function isFaithful({ candles, closes }: Pick<ReplayReport, 'candles' | 'closes'>): boolean {
  const { compared, different, missing, invented, falselyQuiet, announcedWrongLast, unannounced } = candles;
  const wrong = different + missing + invented + falselyQuiet;
  const unheard = announcedWrongLast + unannounced + closes.unreadable + closes.untoldOwner;
  return compared > 0 && wrong + unheard === 0;
}
