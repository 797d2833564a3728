import { hash32 } from '@livermore/utils';
import type { ActiveFaults, FaultOf } from '../faults/active-faults';
import type { Bar } from '../market/market';
import { textToUnits, unitsToText } from '../market/units';
import { higher, lower } from './figures';

/** The newest buckets, which a lossy snapshot has whole. */
const WHOLE_BUCKETS = 2;
const SCALE = 8;
const PPM = 1_000_000;

/** What a snapshot of candles shows of ascending buckets while a fault makes it lossy or short. */
export function spoiltSnapshot(bars: readonly Bar[], symbol: string, faults: ActiveFaults): readonly Bar[] {
  const lossy = faults.find('snapshot-lossy', { symbol });
  const short = faults.find('snapshot-short', { symbol });
  let shown = bars;
  if (lossy !== undefined && bars.length > WHOLE_BUCKETS) {
    shown = bars.map((bar, at) => {
      const isHit = hash32(`${symbol}|lossy|${bar.openTime}`) / 2 ** 32 < lossy.share;
      return at < bars.length - WHOLE_BUCKETS && isHit ? reduced(bar, lossy) : bar;
    });
    if (shown.some((bar, at) => bar !== bars[at])) faults.acted('snapshot-lossy');
  }
  if (short === undefined || short.buckets >= shown.length) return shown;
  faults.acted('snapshot-short');
  return shown.slice(shown.length - short.buckets);
}

function reduced(bar: Bar, { loses, range }: FaultOf<'snapshot-lossy'>): Bar {
  const units = textToUnits(bar.volume, SCALE);
  const kept = units - (units * BigInt(Math.round(loses * PPM))) / BigInt(PPM);
  const body = { high: higher(bar.open, bar.close), low: lower(bar.open, bar.close) };
  return { ...bar, volume: unitsToText(kept, SCALE), ...(range ? body : {}) };
}
