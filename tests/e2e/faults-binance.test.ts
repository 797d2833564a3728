import { testFaults } from './lib/fault-rows';

testFaults('binance', [
  'none',
  'cut-mid-frame',
  'half-open',
  'frames-truncated',
  'closes-missing',
  'series-silent',
  'server-shutdown',
  'rest-418',
  'rest-451-at-start',
  'rows-missing-at-start',
  'outage',
  'skew-plus',
]);
