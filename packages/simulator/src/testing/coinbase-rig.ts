import { ManualClock, seededRandom } from '@livermore/utils';
import { createCoinbaseVenue } from '../coinbase/venue';
import type { CoinbaseProfile } from '../coinbase/profile';
import type { FaultDirector } from '../faults/active-faults';
import type { Market } from '../market/market';
import type { ClientRecorder } from '../server/client-log';
import type { DressedVenue } from '../server/venue-options';
import type { SimResponse } from '../server/venue';
import { bareOptions } from './bare-venue';
import { createFakeMarket } from './fake-market';

/** The clock of the protocol sheet's test vectors: 2026-11-20T10:00:05.123Z. */
export const FROZEN = 1_795_168_805_123;

const BASE = '/api/v3/brokerage';

/** A frame as a client reads it: an envelope, or an error. */
export interface ReadFrame {
  readonly at: number;
  readonly raw: string;
  readonly channel: string;
  readonly sequence: number;
  readonly timestamp: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A client's end of a connection to the venue under test. */
export interface RigSocket {
  readonly frames: readonly ReadFrame[];
  /** Texts of the frames of one channel. */
  on(channel: string): readonly ReadFrame[];
  send(message: unknown): void;
  /** When the venue dropped it, ms, or undefined. */
  readonly droppedAt: number | undefined;
  close(): void;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly faults: FaultDirector;
  readonly recorder: ClientRecorder;
  readonly venue: DressedVenue;
  /** A GET below the API's base path, or of an absolute path that starts with `/v2`. */
  get(path: string, headers?: Readonly<Record<string, string>>): SimResponse;
  /** @throws where the venue refuses the upgrade */
  open(ip?: string): RigSocket;
}

export interface RigOptions {
  readonly market?: Market;
  readonly restMarket?: Market;
  readonly profile?: Partial<CoinbaseProfile>;
  readonly startMs?: number;
  readonly updateEveryMs?: number;
}

function isQuiet(time: number): boolean {
  return time >= 1_795_168_620_000 && time < 1_795_168_680_000;
}

/** BTC-USD trades every minute but one, ETH-USD every 400 ms, ABC-USD no more. */
export function vectorMarket(): Market {
  const from = FROZEN - (FROZEN % 86_400_000) - 2 * 86_400_000;
  return createFakeMarket([
    { symbol: 'BTC-USD', everyMs: 20_000, from, skips: isQuiet },
    { symbol: 'ETH-USD', everyMs: 400, from: FROZEN - 6 * 3_600_000 },
    { symbol: 'ABC-USD', everyMs: 60_000, from, until: 1_795_100_000_000 },
  ]);
}

/** The venue on a manual clock, driven without a network. */
export function createRig(options: RigOptions = {}): Rig {
  const clock = new ManualClock(options.startMs ?? FROZEN);
  const market = options.market ?? vectorMarket();
  const bare = bareOptions('coinbase', market, clock);
  const { faults, recorder } = bare;
  const { restMarket = market, updateEveryMs } = options;
  const venue = createCoinbaseVenue(
    { ...bare, restMarket, random: seededRandom(7), updateEveryMs },
    options.profile,
  );
  return {
    clock,
    faults,
    recorder,
    venue,
    get(path, headers = {}) {
      const url = new URL(path.startsWith('/v2') ? path : BASE + path, 'http://venue');
      const request = { method: 'GET', path: url.pathname, query: url.searchParams, headers, ip: '10.0.0.1' };
      return venue.http(request);
    },
    open: (ip = '10.0.0.1') => openSocket(venue, clock, ip),
  };
}

function openSocket(venue: DressedVenue, clock: ManualClock, ip: string): RigSocket {
  const frames: ReadFrame[] = [];
  const state: { droppedAt?: number } = {};
  const session = venue.connect(
    { path: '/', query: new URLSearchParams(), headers: {}, ip },
    {
      send: (text) => frames.push(readFrame(text, clock.now())),
      ping: () => undefined,
      close: () => (state.droppedAt = clock.now()),
      terminate: () => (state.droppedAt = clock.now()),
    },
  );
  if ('refused' in session) throw new Error(`refused with ${session.refused}`);
  return {
    frames,
    on: (channel) => frames.filter((frame) => frame.channel === channel),
    send: (message) => session.message(typeof message === 'string' ? message : JSON.stringify(message)),
    get droppedAt() {
      return state.droppedAt;
    },
    close: () => session.closed(),
  };
}

function readFrame(raw: string, at: number): ReadFrame {
  const frame = objectOf(JSON.parse(raw));
  const events: readonly unknown[] = Array.isArray(frame['events']) ? frame['events'] : [];
  return {
    at,
    raw,
    channel: textOf(frame['channel'] ?? frame['type']),
    sequence: Number(frame['sequence_num'] ?? -1),
    timestamp: textOf(frame['timestamp']),
    event: events.length === 0 ? frame : objectOf(events[0]),
  };
}

/** The value as an object of unknown fields; empty where it is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/** A list of objects found under `key` of a JSON text or an object. */
export function rowsOf(from: unknown, key: string): readonly Readonly<Record<string, unknown>>[] {
  const root = objectOf(typeof from === 'string' ? JSON.parse(from) : from);
  const rows: unknown = root[key];
  return Array.isArray(rows) ? rows.map(objectOf) : [];
}

/** A text or a number as text; anything else as ''. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
