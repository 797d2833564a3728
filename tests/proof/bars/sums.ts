import { TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import type { RunRecord } from './record';

/** What all runs of a venue come to. */
export interface VenueSum {
  readonly venue: string;
  readonly runs: number;
  readonly candles: RunRecord['candles'];
  readonly announced: readonly AnnouncedSum[];
  readonly settled: readonly SettledSum[];
  readonly tookMs: number;
}

export interface AnnouncedSum {
  readonly timeframe: Timeframe;
  readonly announced: number;
  readonly announcedRight: number;
  readonly announcedWrongFirst: number;
  readonly announcedOther: number;
  readonly announcedWrongLast: number;
}

export interface SettledSum {
  readonly timeframe: Timeframe;
  /** Upper ends of a time in seconds, `+Inf` the last, and how many bars were settled within it. */
  readonly within: readonly { readonly seconds: string; readonly bars: number }[];
}

/** What is wrong in a run, whatever it is; none where it may be counted as right. */
export function problemsOf(run: RunRecord): readonly string[] {
  const { candles, warmup, statuses, venue, idle, garbled } = run;
  const { different, missing, invented, falselyQuiet, revised, quiet, holes, unannounced } = candles;
  const { announcedWrongLast, announcedOther } = candles;
  const wrong = { different, missing, invented, falselyQuiet, revised, unannounced, announcedWrongLast };
  const unsaid = {
    announcedOther,
    'garbled closes': garbled,
  };
  return [
    ...(warmup === 'complete' ? [] : [`the warmup ended ${warmup}`]),
    ...(candles.compared > 0 ? [] : ['nothing was compared']),
    ...Object.entries({ ...wrong, ...unsaid }).flatMap(([what, bars]) =>
      bars === 0 ? [] : [`${bars} ${what}`],
    ),
    ...(venue === 'coinbase' || quiet === 0 ? [] : [`${quiet} bars said to be quiet that are none`]),
    ...(venue === 'coinbase' || holes === 0 ? [] : [`${holes} holes where the venue has flat rows`]),
    ...['418', '429'].flatMap((status) => (status in statuses ? [`answers ${status}`] : [])),
    ...idle.map((kind) => `${kind} never acted`),
  ];
}

/** Bars compared in all runs. */
export function comparedIn(runs: readonly RunRecord[]): number {
  return runs.reduce((total, { candles }) => total + candles.compared, 0);
}

export function sumsOf(runs: readonly RunRecord[]): readonly VenueSum[] {
  const venues = [...new Set(runs.map(({ venue }) => venue))];
  return venues.map((venue) => {
    const own = runs.filter((run) => run.venue === venue);
    return {
      venue,
      runs: own.length,
      candles: totalsOf(own.map(({ candles }) => candles)),
      announced: TIMEFRAMES.map((timeframe) => announcedIn(own, timeframe)),
      settled: TIMEFRAMES.map((timeframe) => settledIn(own, timeframe)),
      tookMs: own.reduce((total, { tookMs }) => total + tookMs, 0),
    };
  });
}

export function totalsOf(all: readonly RunRecord['candles'][]): RunRecord['candles'] {
  return {
    compared: added(all, 'compared'),
    lived: added(all, 'lived'),
    equal: added(all, 'equal'),
    different: added(all, 'different'),
    pending: added(all, 'pending'),
    missing: added(all, 'missing'),
    revised: added(all, 'revised'),
    quiet: added(all, 'quiet'),
    falselyQuiet: added(all, 'falselyQuiet'),
    holes: added(all, 'holes'),
    invented: added(all, 'invented'),
    unannounced: added(all, 'unannounced'),
    announced: added(all, 'announced'),
    announcedRight: added(all, 'announcedRight'),
    announcedWrongFirst: added(all, 'announcedWrongFirst'),
    announcedOther: added(all, 'announcedOther'),
    announcedWrongLast: added(all, 'announcedWrongLast'),
    announcedFalselyQuiet: added(all, 'announcedFalselyQuiet'),
  };
}

function announcedIn(runs: readonly RunRecord[], timeframe: Timeframe): AnnouncedSum {
  const own = runs.flatMap(({ announced }) => announced.filter((each) => each.timeframe === timeframe));
  return {
    timeframe,
    announced: added(own, 'announced'),
    announcedRight: added(own, 'announcedRight'),
    announcedWrongFirst: added(own, 'announcedWrongFirst'),
    announcedOther: added(own, 'announcedOther'),
    announcedWrongLast: added(own, 'announcedWrongLast'),
  };
}

function settledIn(runs: readonly RunRecord[], timeframe: Timeframe): SettledSum {
  const bars = new Map<string, number>();
  for (const { settled } of runs) {
    const own = settled.filter((each) => each.timeframe === timeframe);
    for (const { seconds, bars: more } of own.flatMap(({ within }) => within)) {
      bars.set(seconds, (bars.get(seconds) ?? 0) + more);
    }
  }
  return { timeframe, within: [...bars].map(([seconds, of]) => ({ seconds, bars: of })) };
}

function added<Name extends string>(all: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return all.reduce((total, each) => total + each[name], 0);
}
