/** Which faults last right now: scripted on a clock, or injected. */
import type { Clock, Logger } from '@livermore/utils';
import { parseDuration, parseStart } from './fault-times';
import { FaultSchema, FaultScriptSchema } from './fault';
import type { Fault, FaultKind, FaultScript } from './fault';

export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** A series as the venue spells it; a fault without symbol or timeframe concerns all. */
export interface SeriesName {
  readonly symbol?: string;
  readonly timeframe?: string;
}

/** A fault from its start on. */
export interface RunningFault<K extends FaultKind = FaultKind> {
  readonly fault: FaultOf<K>;
  /** Venue-independent clock time (ms) at which it began. */
  readonly since: number;
}

export interface ActiveFaults {
  /** The newest fault of this kind that lasts now and concerns the series. */
  find<K extends FaultKind>(kind: K, series?: SeriesName): FaultOf<K> | undefined;
  /** Every fault of this kind that lasts now, with its start, oldest first. */
  all<K extends FaultKind>(kind: K): readonly RunningFault<K>[];
  /** Whether a series delivers nothing on streams: silent, or a symbol the venue does not know. */
  isSilent(symbol: string, timeframe?: string): boolean;
  /** Called whenever a fault begins (the moment for faults that are events); returns what stops the calls. */
  onStart(listener: (fault: Fault) => void): () => void;
  /** Called whenever a fault ends. */
  onEnd(listener: (fault: Fault) => void): () => void;
}

export interface FaultDirector extends ActiveFaults {
  inject(fault: Fault): () => void;
  stop(): void;
}

interface Entry {
  readonly fault: Fault;
  readonly since: number;
}

/** Starts a script on a clock. Instants of the script are measured from now. */
export function createFaultDirector(
  clock: Clock,
  script: FaultScript = [],
  logger?: Pick<Logger, 'info'>,
): FaultDirector {
  const running: Entry[] = [];
  const starts = new Set<(fault: Fault) => void>();
  const ends = new Set<(fault: Fault) => void>();
  const timers: (() => void)[] = [];

  const begin = (fault: Fault): (() => void) => {
    const entry: Entry = { fault, since: clock.now() };
    running.push(entry);
    logger?.info({ event: 'fault_started', fault: fault.kind });
    for (const listener of starts) listener(fault);
    return () => {
      const at = running.indexOf(entry);
      if (at < 0) return;
      running.splice(at, 1);
      logger?.info({ event: 'fault_ended', fault: fault.kind });
      for (const listener of ends) listener(fault);
    };
  };
  const startedAt = clock.now();
  for (const line of FaultScriptSchema.parse(script)) {
    const delay = parseStart(line.at, startedAt) - startedAt;
    const lasts = line.for === undefined ? undefined : parseDuration(line.for);
    const strike = () => {
      const end = begin(line.fault);
      if (lasts !== undefined) timers.push(clock.setTimer(end, lasts));
    };
    // A start that is now is in force before the first request, not one turn later.
    if (delay <= 0) strike();
    else timers.push(clock.setTimer(strike, delay));
  }

  const isOf = <K extends FaultKind>(entry: Entry, kind: K): entry is RunningFault<K> & Entry =>
    entry.fault.kind === kind;
  const all = <K extends FaultKind>(kind: K): readonly RunningFault<K>[] =>
    running.filter((entry): entry is RunningFault<K> & Entry => isOf(entry, kind));
  const find = <K extends FaultKind>(kind: K, series?: SeriesName): FaultOf<K> | undefined => {
    if (running.length === 0) return undefined;
    return all(kind).findLast(({ fault }) => concerns(fault, series))?.fault;
  };
  return {
    find,
    all,
    isSilent: (symbol, timeframe) => {
      if (running.length === 0) return false;
      const series = timeframe === undefined ? { symbol } : { symbol, timeframe };
      return find('series-silent', series) !== undefined || find('bad-symbol', { symbol }) !== undefined;
    },
    onStart: (listener) => listen(starts, listener),
    onEnd: (listener) => listen(ends, listener),
    inject: (fault) => begin(FaultSchema.parse(fault)),
    stop() {
      for (const cancel of timers.splice(0)) cancel();
      running.length = 0;
    },
  };
}

function listen<T>(set: Set<T>, listener: T): () => void {
  set.add(listener);
  return () => set.delete(listener);
}

function concerns(fault: Fault, series: SeriesName | undefined): boolean {
  const symbol = 'symbol' in fault ? fault.symbol : undefined;
  const timeframe = 'timeframe' in fault ? fault.timeframe : undefined;
  if (symbol !== undefined && series?.symbol !== undefined && symbol !== series.symbol) return false;
  return timeframe === undefined || series?.timeframe === undefined || timeframe === series.timeframe;
}
