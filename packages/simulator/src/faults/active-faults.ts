/** Which faults last right now: scripted on a clock, or injected. */
import type { Clock, Logger } from '@livermore/utils';
import type { SimulatedVenue } from '../simulator';
import { disagreeing } from './disagreeing';
import { mustApply } from './fault-registry';
import { parseDuration, parseStart } from './fault-times';
import { FaultSchema, FaultScriptSchema } from './fault';
import type { Fault, FaultKind, FaultScript, OrderedFault } from './fault';

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
  /** Like `find`, and counted as having acted: for the places where finding it is what it does. */
  act<K extends FaultKind>(kind: K, series?: SeriesName): FaultOf<K> | undefined;
  /** Counts a fault as having acted: the very one that was found, started or ended. */
  acted(fault: Fault): void;
  /** How often faults of each kind acted; a kind that never did is not in it. */
  readonly applied: ReadonlyMap<FaultKind, number>;
  /** The same by line of the script, from 0; injected faults are in none. */
  readonly appliedLines: ReadonlyMap<number, number>;
  /**
   * Whether a series delivers nothing on streams: silent, or a symbol the venue does not know. Asked when there is
   * something to deliver, so that a yes counts.
   */
  isSilent(symbol: string, timeframe?: string): boolean;
  /** Called whenever a fault begins (the moment for faults that are events); returns what stops the calls. */
  onStart(listener: (fault: Fault) => void): () => void;
  /** Called whenever a fault ends. */
  onEnd(listener: (fault: Fault) => void): () => void;
}

export interface FaultDirector extends ActiveFaults {
  /** @throws FaultNotApplicableError */
  inject(fault: OrderedFault): () => void;
  stop(): void;
}

interface Entry {
  readonly fault: Fault;
  readonly since: number;
}

export interface FaultDirectorOptions {
  /** Faults that do nothing there are refused. */
  readonly venue: SimulatedVenue;
  readonly script?: FaultScript;
  readonly logger?: Pick<Logger, 'info'>;
}

/**
 * Starts a script on a clock. Instants of the script are measured from now.
 * @throws FaultScriptError, FaultNotApplicableError
 */
export function createFaultDirector(clock: Clock, options: FaultDirectorOptions): FaultDirector {
  const { venue } = options;
  const stage = new Stage(clock, options.logger);
  const timers: (() => void)[] = [];
  const begin = (fault: Fault, line?: number): (() => void) => {
    if (fault.kind !== 'disagreeing') return stage.begin(fault, line);
    const ends = disagreeing(venue, fault).map((part) => stage.begin(FaultSchema.parse(part.fault), line));
    return () => {
      for (const end of ends) end();
    };
  };
  const startedAt = clock.now();
  const script = FaultScriptSchema.parse(options.script ?? []);
  script.forEach(({ fault }, line) => mustApply(fault, venue, line));
  for (const [line, { at, for: lasting, fault }] of script.entries()) {
    const delay = parseStart(at, startedAt) - startedAt;
    const lasts = lasting === undefined ? undefined : parseDuration(lasting);
    const strike = () => {
      const end = begin(fault, line);
      if (lasts !== undefined) timers.push(clock.setTimer(end, lasts));
    };
    // A start that is now is in force before the first request, not one turn later.
    if (delay <= 0) strike();
    else timers.push(clock.setTimer(strike, delay));
  }
  return {
    ...stage.faults(),
    inject(fault) {
      mustApply(fault, venue);
      return begin(FaultSchema.parse(fault));
    },
    stop() {
      for (const cancel of timers.splice(0)) cancel();
      stage.clear();
    },
  };
}

/** The faults that last now, and who wants to hear of them. */
class Stage {
  readonly #clock: Clock;
  readonly #logger: Pick<Logger, 'info'> | undefined;
  /** By kind, oldest first: most questions are about kinds of which none lasts. */
  readonly #running = new Map<FaultKind, Entry[]>();
  readonly #starts = new Set<(fault: Fault) => void>();
  readonly #ends = new Set<(fault: Fault) => void>();
  readonly #applied = new Map<FaultKind, number>();
  readonly #appliedLines = new Map<number, number>();
  /** The line of the script each fault stands in: two lines of one kind are two objects. */
  readonly #lines = new WeakMap<Fault, number>();

  constructor(clock: Clock, logger: Pick<Logger, 'info'> | undefined) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Returns what ends it. */
  begin(fault: Fault, line?: number): () => void {
    if (line !== undefined) this.#lines.set(fault, line);
    const entry: Entry = { fault, since: this.#clock.now() };
    this.#running.set(fault.kind, [...(this.#running.get(fault.kind) ?? []), entry]);
    this.#logger?.info({ event: 'fault_started', fault: fault.kind });
    for (const listener of this.#starts) listener(fault);
    return () => {
      const lasting = this.#running.get(fault.kind) ?? [];
      const left = lasting.filter((other) => other !== entry);
      if (left.length === lasting.length) return;
      if (left.length === 0) this.#running.delete(fault.kind);
      else this.#running.set(fault.kind, left);
      this.#logger?.info({ event: 'fault_ended', fault: fault.kind });
      for (const listener of this.#ends) listener(fault);
    };
  }

  clear(): void {
    this.#running.clear();
  }

  faults(): ActiveFaults {
    return {
      find: (kind, series) => this.#find(kind, series),
      all: (kind) => this.#all(kind),
      act: (kind, series) => this.#act(kind, series),
      acted: (fault) => this.#count(fault),
      applied: this.#applied,
      appliedLines: this.#appliedLines,
      isSilent: (symbol, timeframe) => {
        if (this.#running.size === 0) return false;
        const series = timeframe === undefined ? { symbol } : { symbol, timeframe };
        const isSilenced = this.#act('series-silent', series) !== undefined;
        return isSilenced || this.#act('bad-symbol', { symbol }) !== undefined;
      },
      onStart: (listener) => listen(this.#starts, listener),
      onEnd: (listener) => listen(this.#ends, listener),
    };
  }

  #all<K extends FaultKind>(kind: K): readonly RunningFault<K>[] {
    const lasting = this.#running.get(kind) ?? [];
    return lasting.filter((entry): entry is RunningFault<K> & Entry => entry.fault.kind === kind);
  }

  #find<K extends FaultKind>(kind: K, series?: SeriesName): FaultOf<K> | undefined {
    if (!this.#running.has(kind)) return undefined;
    return this.#all(kind).findLast(({ fault }) => concerns(fault, series))?.fault;
  }

  #act<K extends FaultKind>(kind: K, series?: SeriesName): FaultOf<K> | undefined {
    const fault = this.#find(kind, series);
    if (fault !== undefined) this.#count(fault);
    return fault;
  }

  #count(fault: Fault): void {
    addOne(this.#applied, fault.kind);
    const line = this.#lines.get(fault);
    if (line !== undefined) addOne(this.#appliedLines, line);
  }
}

function addOne<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
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
