import type { FaultKind } from '@livermore/simulator';
import { expect } from 'vitest';
import type { LiveExchange } from './live-exchange';

/** What acts at a Binance that disagrees with itself and is asked within seconds of a close, whatever chance decides. */
const SURE: readonly FaultKind[] = ['listing-odd', 'rest-stale'];

/** How long (ms) after a close an exchange is to be started, so that its warmup reads rows as before that close. */
export const SOON_AFTER_A_CLOSE = 1_000;

/** Fails when the venue agreed with itself: what was to hold although it does not was not tried. */
export function expectDiffered({ simulator }: LiveExchange): void {
  const applied = SURE.filter((kind) => simulator.faultsApplied.has(kind));
  expect(applied).toEqual(SURE);
}
