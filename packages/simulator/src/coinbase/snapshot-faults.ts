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
    if (shown.some((bar, at) => bar !== bars[at])) faults.acted(lossy);
  }
  if (short === undefined || short.buckets >= shown.length) return shown;
  faults.acted(short);
  return shown.slice(shown.length - short.buckets);
}

/** The same object where nothing is lost, as of a volume so small that its share rounds to nothing. */
function reduced(bar: Bar, { loses, range }: FaultOf<'snapshot-lossy'>): Bar {
  const units = textToUnits(bar.volume, SCALE);
  const lost = (units * BigInt(Math.round(loses * PPM))) / BigInt(PPM);
  const { high, low } = range ? { high: higher(bar.open, bar.close), low: lower(bar.open, bar.close) } : bar;
  const isWhole = lost === 0n && Number(high) === Number(bar.high) && Number(low) === Number(bar.low);
  return isWhole ? bar : { ...bar, high, low, volume: unitsToText(units - lost, SCALE) };
}
